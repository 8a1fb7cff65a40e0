// Package contract holds Liandan against judges from outside: the hand-written
// openapi.yaml read by kin-openapi, and the log walked by tlog clients that others
// wrote. It has tests only, in a module of its own, so that none of the judges comes
// near the program.
//
// It must not be imported, and nothing the program needs may live here.
package contract
