package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// yamlOf writes a JSON text as block YAML in the order it stands, for people to read.
func yamlOf(text []byte, indent string) (string, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var b strings.Builder
	err := writeValue(&b, dec, indent)
	return b.String(), err
}

// writeValue writes what comes after "name:".
func writeValue(b *strings.Builder, dec *json.Decoder, indent string) error {
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	switch v := tok.(type) {
	case json.Delim:
		if v == '[' {
			return writeItems(b, dec, indent)
		}
		return writeMembers(b, dec, indent, "\n"+indent)
	case string:
		b.WriteString(" " + scalar(v, indent))
	case nil:
		b.WriteString(" null")
	default:
		fmt.Fprintf(b, " %v", v)
	}
	return nil
}

// writeMembers writes an object's members, the first one after the given separator.
func writeMembers(b *strings.Builder, dec *json.Decoder, indent, first string) error {
	sep := first
	if !dec.More() {
		b.WriteString(" {}")
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "%s%s:", sep, name)
		if err := writeValue(b, dec, indent+"  "); err != nil {
			return err
		}
		sep = "\n" + indent
	}
	_, err := dec.Token()
	return err
}

func writeItems(b *strings.Builder, dec *json.Decoder, indent string) error {
	if !dec.More() {
		b.WriteString(" []")
	}
	for dec.More() {
		b.WriteString("\n" + indent + "-")
		var item json.RawMessage
		if err := dec.Decode(&item); err != nil {
			return err
		}
		inner := json.NewDecoder(bytes.NewReader(item))
		inner.UseNumber()
		if item[0] != '{' {
			if err := writeValue(b, inner, indent+"  "); err != nil {
				return err
			}
			continue
		}
		if _, err := inner.Token(); err != nil {
			return err
		}
		if err := writeMembers(b, inner, indent+"  ", " "); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

// scalar writes a string: several lines as a literal block, anything else quoted.
func scalar(s, indent string) string {
	if strings.HasSuffix(s, "\n") && !strings.HasPrefix(s, " ") {
		lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
		for i, l := range lines {
			if l != "" {
				lines[i] = indent + l
			}
		}
		return "|\n" + strings.Join(lines, "\n")
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
