// Package clients holds the tests that run the integrators' example clients of
// docs/clients against a real server: the Node one always, the JDK one under the build
// tag jdk (`make test-jdk`). It has no code of its own and nothing may import it.
package clients
