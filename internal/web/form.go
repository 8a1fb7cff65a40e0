package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
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
	if err != nil {
		return nil, field(unreadable(), "", "syntax", "the form is not well spelt", "表单写法不对")
	}
	return form, checkForm(form)
}

func unreadable() *fault.Error { return fault.New(fault.InvalidRequest, "The form cannot be read.") }

// checkForm refuses fields that came twice or are no text.
func checkForm(form url.Values) error {
	bad := unreadable()
	for _, values := range form {
		if len(values) > 1 {
			return field(bad, "", "repeated", "a field came twice", "有一项重复")
		}
		if !isText(values[0]) {
			return field(bad, "", "characters", "a field is not text", "有一项不是文字")
		}
	}
	return nil
}

// maxFile is the greatest file that a form may have, as in the API.
const maxFile = 16 << 20

// readUpload reads a form with one file at most; without one it may be a form as readForm
// takes it. Faults: as readForm.
func readUpload(w http.ResponseWriter, r *http.Request) (url.Values, []byte, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		form, err := readForm(w, r)
		return form, nil, err
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFile+maxForm)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil, field(unreadable(), "", "syntax", "the form is not well spelt", "表单写法不对")
	}
	form := url.Values{}
	var file []byte
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return form, file, checkForm(form)
		}
		if err != nil {
			return nil, nil, uploadFault(err)
		}
		most := int64(maxForm)
		if part.FileName() != "" {
			most = maxFile
		}
		b, err := io.ReadAll(io.LimitReader(part, most+1))
		switch {
		case err != nil:
			return nil, nil, uploadFault(err)
		case int64(len(b)) > most:
			return nil, nil, fault.New(fault.TooLarge, "The file has more than the %d bytes that are taken here; send it in parts.", most)
		case part.FileName() == "":
			form[part.FormName()] = append(form[part.FormName()], string(b))
		case file != nil:
			return nil, nil, field(unreadable(), "/file", "repeated", "must be one file", "只能选一个文件")
		default:
			file = b
		}
	}
}

func uploadFault(err error) error {
	if tooBig, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.Wrap(err, fault.TooLarge, "The file has more than the %d bytes that are taken here; send it in parts.", tooBig.Limit)
	}
	return fault.Wrap(err, fault.UploadCutShort, "The connection ended inside the form, or the form is not well spelt.")
}

// field notes one thing that is wrong, in both languages.
func field(bad *fault.Error, pointer, code, en, zh string) *fault.Error {
	bad.Fields = append(bad.Fields, fault.Field{Pointer: pointer, Code: code, Detail: en, DetailZH: zh})
	return bad
}

func invalid() *fault.Error {
	return fault.New(fault.InvalidRequest, "Nothing was done; what is wrong is listed.")
}

// isText says whether both databases can look for it.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// versionOf reads the version that a form was made from.
func versionOf(form url.Values) (int64, bool) {
	n, err := strconv.ParseInt(form.Get("version"), 10, 64)
	return n, err == nil && n > 0
}
