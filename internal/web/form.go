package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"liandan/internal/fault"
)

// maxForm is more than every field of a page at its longest, each byte spelt %XX.
const maxForm = 16 << 10

// readForm reads what a form of our pages sends: every field once, text. Faults:
// media-type, too-large, invalid-request, upload-cut-short.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, fault.New(fault.MediaType, "The forms of these pages are application/x-www-form-urlencoded.")
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if tooBig, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, fault.Wrap(err, fault.TooLarge, "The form has more than the %d bytes that are taken here.", tooBig.Limit)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.UploadCutShort, "The connection ended inside the form.")
	}
	form, err := url.ParseQuery(string(b))
	bad := fault.New(fault.InvalidRequest, "The form cannot be read.")
	if err != nil {
		return nil, field(bad, "", "syntax", "the form is not well spelt", "表单写法不对")
	}
	for _, values := range form {
		if len(values) > 1 {
			return nil, field(bad, "", "repeated", "a field came twice", "有一项重复")
		}
		if !utf8.ValidString(values[0]) || strings.ContainsRune(values[0], 0) {
			return nil, field(bad, "", "characters", "a field is not text", "有一项不是文字")
		}
	}
	return form, nil
}

// field notes one thing that is wrong, in both languages.
func field(bad *fault.Error, pointer, code, en, zh string) *fault.Error {
	bad.Fields = append(bad.Fields, fault.Field{Pointer: pointer, Code: code, Detail: en, DetailZH: zh})
	return bad
}

func invalid() *fault.Error {
	return fault.New(fault.InvalidRequest, "Nothing was done; what is wrong is listed.")
}
