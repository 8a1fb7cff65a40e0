// Package internal holds nothing but the test of the house's rings: which package may
// import which (design section 5). The code lives in the folders below.
//
// It must not hold code.
package internal
