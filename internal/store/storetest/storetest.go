// Package storetest gives tests databases of the program's schema.
//
// It must not be imported by anything but tests.
package storetest

import (
	"context"

	"liandan/internal/store"
	"liandan/internal/testdb"
	"liandan/migrations"
)

// Ready is the program's schema, in a database of the test's own.
var Ready = testdb.Schema{Files: migrations.Files, Apply: func(address string) error {
	s, err := store.Open(address)
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = s.Migrate(context.Background())
	return err
}}
