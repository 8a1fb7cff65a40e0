package web

import (
	"strings"
	"unicode"
)

// A description of the contract is a little Markdown: paragraphs, lists, `code` and
// **strong**. It becomes pieces for a template, which escapes every one of them.
type (
	docsBlock struct {
		Items [][]docsPiece // of a list; nil: a paragraph
		Words []docsPiece
	}
	docsPiece struct {
		Text         string
		Code, Strong bool
	}
)

// docsBlocks reads a description.
func docsBlocks(text string) (out []docsBlock) {
	for _, para := range strings.Split(strings.TrimSpace(text), "\n\n") {
		var lead string
		var list []string
		for _, l := range strings.Split(para, "\n") {
			item, isItem := strings.CutPrefix(strings.TrimSpace(l), "* ")
			switch {
			case isItem:
				list = append(list, item)
			case len(list) > 0:
				list[len(list)-1] = docsJoined(list[len(list)-1], strings.TrimSpace(l))
			default:
				lead = docsJoined(lead, strings.TrimSpace(l))
			}
		}
		if lead != "" {
			out = append(out, docsBlock{Words: docsPieces(lead)})
		}
		if len(list) > 0 {
			b := docsBlock{}
			for _, item := range list {
				b.Items = append(b.Items, docsPieces(item))
			}
			out = append(out, b)
		}
	}
	return out
}

// docsJoined puts a wrapped line behind the one before; Chinese needs no space between.
func docsJoined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	end, begin := []rune(a), []rune(b)
	if docsWide(end[len(end)-1]) && docsWide(begin[0]) {
		return a + b
	}
	return a + " " + b
}

func docsWide(r rune) bool {
	return unicode.Is(unicode.Han, r) || (r >= 0x3000 && r <= 0x303f) || (r >= 0xff00 && r <= 0xffef)
}

func docsPieces(s string) (out []docsPiece) {
	for s != "" {
		i := strings.IndexAny(s, "`*")
		mark := ""
		switch {
		case i >= 0 && s[i] == '`':
			mark = "`"
		case i >= 0 && strings.HasPrefix(s[i:], "**"):
			mark = "**"
		}
		end := -1
		if mark != "" {
			end = strings.Index(s[i+len(mark):], mark)
		}
		if end < 0 { // no mark, or one that is not closed: as it stands
			if i < 0 || mark != "" || !strings.ContainsAny(s[i+1:], "`*") {
				return append(out, docsPiece{Text: s})
			}
			out, s = append(out, docsPiece{Text: s[:i+1]}), s[i+1:]
			continue
		}
		if i > 0 {
			out = append(out, docsPiece{Text: s[:i]})
		}
		inner := s[i+len(mark):]
		out, s = append(out, docsPiece{Text: inner[:end], Code: mark == "`", Strong: mark == "**"}), inner[end+len(mark):]
	}
	return out
}

// docsHalves are the two languages of a one-line text: the contract parts them by a point or,
// in the names of tags, by the first Latin letter that begins a word.
func docsHalves(s string) (zh, en string) {
	if zh, en, ok := strings.Cut(s, "·"); ok {
		return strings.TrimSpace(zh), strings.TrimSpace(en)
	}
	for i, r := range s {
		if unicode.IsUpper(r) && i > 0 && !strings.Contains(s[i:], "）") {
			return strings.TrimSpace(s[:i]), strings.TrimSpace(s[i:])
		}
	}
	return s, ""
}
