package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The contract as its pages show it, read from openapi.yaml once. What a page says of an
// operation is what the contract says, in its order; nothing is written down twice.
type (
	docsBook struct {
		Version string
		Intro   []docsBlock
		Groups  []docsGroup
		Names   []string // of the schemas

		operations map[string]*docsOperation
		schemas    map[string]*docsSchema
		root       *yaml.Node
	}
	docsGroup struct {
		Name       string
		Words      line
		Operations []*docsOperation
	}
	docsOperation struct {
		ID, Method, Path string
		Summary          line
		Text             []docsBlock
		Params           []docsParam
		Bodies           []docsContent
		Answers          []docsAnswer
		Scopes           []string // that an API client needs
		words            string   // all of it in small letters, to search in
	}
	docsParam struct {
		Name, In string
		Required bool
		Shape    docsShape
		Value    string   // to begin with
		Choices  []string // "": leave it out
	}
	docsContent struct {
		Type     string
		Shape    docsShape
		Examples []docsExample
		File     bool // no text that one could type
	}
	docsExample struct{ Name, Text string }
	docsAnswer  struct {
		Status  string
		Text    []docsBlock
		Headers []docsParam
		Content []docsContent
	}
	// docsShape says what a value is.
	docsShape struct {
		Type    string // a word or two
		Ref     string // a schema of its own
		Items   string // a list of which schema
		Limits  []string
		Text    []docsBlock
		Members []docsMember
		OneOf   []docsShape
	}
	docsMember struct {
		Name     string
		Required bool
		Shape    docsShape
	}
	docsSchema struct {
		Name   string
		Shape  docsShape
		UsedBy []*docsOperation
	}
)

// readDocs reads the contract. It is embedded and checked by tests, so an error is a defect.
func readDocs(spec []byte) (*docsBook, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(spec, &doc); err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	if len(doc.Content) != 1 {
		return nil, fmt.Errorf("openapi.yaml: not one document")
	}
	b := &docsBook{root: doc.Content[0], operations: map[string]*docsOperation{}, schemas: map[string]*docsSchema{}}
	info := docsAt(b.root, "info")
	b.Version, b.Intro = docsText(info, "version"), docsBlocks(docsText(info, "description"))
	for name, n := range docsPairs(docsAt(b.root, "components", "schemas")) {
		b.Names = append(b.Names, name)
		b.schemas[name] = &docsSchema{Name: name, Shape: b.shape(n)}
	}
	slices.SortFunc(b.Names, func(x, y string) int { return strings.Compare(strings.ToLower(x), strings.ToLower(y)) })
	for _, n := range docsItems(docsAt(b.root, "tags")) {
		zh, en := docsHalves(docsText(n, "description"))
		b.Groups = append(b.Groups, docsGroup{Name: docsText(n, "name"), Words: line{zh, en}})
	}
	for path, methods := range docsPairs(docsAt(b.root, "paths")) {
		for method, n := range docsPairs(methods) {
			if id := docsText(n, "operationId"); id != "" {
				if err := b.add(b.operation(strings.ToUpper(method), path, n), docsItems(docsAt(n, "tags")), n); err != nil {
					return nil, err
				}
			}
		}
	}
	return b, nil
}

func (b *docsBook) add(o *docsOperation, tags []*yaml.Node, n *yaml.Node) error {
	b.operations[o.ID] = o
	for _, name := range b.mentioned(n) {
		b.schemas[name].UsedBy = append(b.schemas[name].UsedBy, o)
	}
	if len(tags) == 0 {
		return fmt.Errorf("openapi.yaml: %s has no tag", o.ID)
	}
	i := slices.IndexFunc(b.Groups, func(g docsGroup) bool { return g.Name == tags[0].Value })
	if i < 0 {
		return fmt.Errorf("openapi.yaml: %s has the tag %s, which is not described", o.ID, tags[0].Value)
	}
	b.Groups[i].Operations = append(b.Groups[i].Operations, o)
	return nil
}

func (b *docsBook) operation(method, path string, n *yaml.Node) *docsOperation {
	o := &docsOperation{ID: docsText(n, "operationId"), Method: method, Path: path, Text: docsBlocks(docsText(n, "description"))}
	o.Summary.ZH, o.Summary.EN = docsHalves(docsText(n, "summary"))
	for _, p := range docsItems(docsAt(n, "parameters")) {
		o.Params = append(o.Params, b.param(b.resolve(p)))
	}
	o.Bodies = b.contents(docsAt(b.resolve(docsAt(n, "requestBody")), "content"))
	for status, r := range docsPairs(docsAt(n, "responses")) {
		r = b.resolve(r)
		a := docsAnswer{Status: status, Text: docsBlocks(docsText(r, "description")), Content: b.contents(docsAt(r, "content"))}
		for name, h := range docsPairs(docsAt(r, "headers")) {
			p := b.param(b.resolve(h))
			p.Name = name
			a.Headers = append(a.Headers, p)
		}
		o.Answers = append(o.Answers, a)
	}
	for _, way := range docsItems(docsAt(n, "security")) {
		for _, s := range docsItems(docsAt(way, "client")) {
			o.Scopes = append(o.Scopes, s.Value)
		}
	}
	o.words = strings.ToLower(strings.Join([]string{o.ID, method, path, docsText(n, "summary"), docsText(n, "description"), strings.Join(b.mentioned(n), " ")}, " "))
	return o
}

func (b *docsBook) param(n *yaml.Node) docsParam {
	schema := b.resolve(docsAt(n, "schema"))
	p := docsParam{Name: docsText(n, "name"), In: docsText(n, "in"), Required: docsText(n, "required") == "true", Shape: b.shape(docsAt(n, "schema"))}
	if words := docsBlocks(docsText(n, "description")); len(words) > 0 {
		p.Shape.Text = words
	}
	for _, c := range docsItems(docsAt(schema, "enum")) {
		p.Choices = append(p.Choices, c.Value)
	}
	if docsText(schema, "type") == "boolean" {
		p.Choices = []string{"true", "false"}
	}
	p.Value = docsText(n, "example")
	if p.Value == "" && p.Required && len(p.Choices) > 0 {
		p.Value = p.Choices[0]
	}
	if !p.Required {
		p.Choices = append([]string{""}, p.Choices...)
	}
	if len(p.Choices) == 1 && p.Choices[0] == "" {
		p.Choices = nil
	}
	return p
}

func (b *docsBook) contents(n *yaml.Node) (out []docsContent) {
	for kind, c := range docsPairs(n) {
		k := docsContent{Type: kind, Shape: b.shape(docsAt(c, "schema"))}
		k.File = docsText(b.resolve(docsAt(c, "schema")), "format") == "binary"
		if e := docsAt(c, "example"); e != nil {
			k.Examples = append(k.Examples, docsExample{"example", docsExampleText(e)})
		}
		for name, e := range docsPairs(docsAt(c, "examples")) {
			k.Examples = append(k.Examples, docsExample{name, docsExampleText(docsAt(b.resolve(e), "value"))})
		}
		out = append(out, k)
	}
	return out
}

// docsLimits are the words of a schema that bound a value, as they are shown.
var docsLimits = []string{"format", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "default"}

// shape reads a schema. What it refers to is shown by name, with a link.
func (b *docsBook) shape(n *yaml.Node) docsShape {
	if n == nil {
		return docsShape{}
	}
	if ref := docsText(n, "$ref"); ref != "" {
		return docsShape{Ref: docsLast(ref), Text: docsBlocks(docsText(b.resolve(n), "description"))}
	}
	s := docsShape{Type: docsText(n, "type"), Text: docsBlocks(docsText(n, "description"))}
	for _, w := range docsLimits {
		if v := docsText(n, w); v != "" {
			s.Limits = append(s.Limits, w+" "+v)
		}
	}
	if values := docsItems(docsAt(n, "enum")); len(values) > 0 {
		words := make([]string, len(values))
		for i, v := range values {
			words[i] = v.Value
		}
		s.Limits = append(s.Limits, strings.Join(words, " | "))
	}
	if docsText(n, "nullable") == "true" {
		s.Limits = append(s.Limits, "null")
	}
	required := docsItems(docsAt(n, "required"))
	for name, m := range docsPairs(docsAt(n, "properties")) {
		s.Members = append(s.Members, docsMember{name, slices.ContainsFunc(required, func(r *yaml.Node) bool { return r.Value == name }), b.shape(m)})
	}
	for _, word := range []string{"oneOf", "anyOf", "allOf"} {
		for _, m := range docsItems(docsAt(n, word)) {
			s.OneOf = append(s.OneOf, b.shape(m))
		}
	}
	if of := docsAt(n, "items"); of != nil {
		inner := b.shape(of)
		s.Items, s.Members, s.OneOf = inner.Ref, inner.Members, inner.OneOf
		if s.Items == "" {
			s.Type += " · " + inner.Type
			s.Limits = append(s.Limits, inner.Limits...)
		}
	}
	if of := docsAt(n, "additionalProperties"); of != nil && of.Kind == yaml.MappingNode {
		s.OneOf = append(s.OneOf, b.shape(of))
	}
	return s
}

// mentioned lists the schemas that a part of the contract names, itself or through shared
// parameters and answers, each once.
func (b *docsBook) mentioned(n *yaml.Node) (out []string) {
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if ref := docsText(n, "$ref"); strings.HasPrefix(ref, "#/components/schemas/") {
			if name := docsLast(ref); !slices.Contains(out, name) {
				out = append(out, name)
			}
			return
		} else if ref != "" && !strings.Contains(ref, "/examples/") {
			walk(b.resolve(n))
			return
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(n)
	return out
}

// resolve follows a reference inside the document.
func (b *docsBook) resolve(n *yaml.Node) *yaml.Node {
	for ref := docsText(n, "$ref"); ref != ""; ref = docsText(n, "$ref") {
		n = docsAt(b.root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return n
}

func docsLast(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// docsAt walks down a mapping; nil where there is nothing.
func docsAt(n *yaml.Node, names ...string) *yaml.Node {
	for _, name := range names {
		var found *yaml.Node
		for k, v := range docsPairs(n) {
			if k == name {
				found = v
			}
		}
		n = found
	}
	return n
}

func docsText(n *yaml.Node, name string) string {
	if v := docsAt(n, name); v != nil && v.Kind == yaml.ScalarNode {
		return v.Value
	}
	return ""
}

// docsPairs goes through a mapping in the order it is written; none for anything else.
func docsPairs(n *yaml.Node) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, n.Content[i+1]) {
				return
			}
		}
	}
}

func docsItems(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// docsExampleText writes an example as it would be sent: JSON in the order of the contract, or
// the bare text where the example is one.
func docsExampleText(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
		return n.Value
	}
	var b strings.Builder
	docsJSON(&b, n, "\n")
	return b.String()
}

func docsJSON(b *strings.Builder, n *yaml.Node, indent string) {
	inner := indent + "  "
	switch n.Kind {
	case yaml.MappingNode:
		sep := "{" + inner
		for k, v := range docsPairs(n) {
			b.WriteString(sep + docsQuoted(k) + ": ")
			docsJSON(b, v, inner)
			sep = "," + inner
		}
		b.WriteString(docsClosed(sep, "{", indent, "}"))
	case yaml.SequenceNode:
		sep := "[" + inner
		for _, v := range n.Content {
			b.WriteString(sep)
			docsJSON(b, v, inner)
			sep = "," + inner
		}
		b.WriteString(docsClosed(sep, "[", indent, "]"))
	default:
		if n.Tag == "!!str" || n.Tag == "!!timestamp" {
			b.WriteString(docsQuoted(n.Value))
			return
		}
		b.WriteString(n.Value)
	}
}

// docsClosed ends an object or a list; one without members is written in one piece.
func docsClosed(sep, opening, indent, closing string) string {
	if strings.HasPrefix(sep, opening) {
		return opening + closing
	}
	return indent + closing
}

func docsQuoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can be encoded
	return strings.TrimSuffix(b.String(), "\n")
}
