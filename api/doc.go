// Package api holds the wire types of the contract, generated from openapi.yaml, and
// the contract itself for serving.
//
// It must not hold behaviour or be imported by the domain: handlers convert between
// these types and the domain's. Only doc.go is written by hand; `make generate` writes
// the rest anew.
package api

import (
	_ "embed"
	"encoding/json"
)

//go:generate go tool -modfile=../internal/tools/go.mod oapi-codegen -config oapi-codegen.yaml -o types.gen.go ../openapi.yaml
//go:generate cp ../openapi.yaml openapi.gen.yaml

// Spec is openapi.yaml, byte for byte: go:embed cannot reach above its own folder.
//
//go:embed openapi.gen.yaml
var Spec []byte

// Event is the payload of any event, as raw JSON: package event reads it strictly, and a
// union of the eleven generated types would only lose what the signer wrote.
type Event = json.RawMessage
