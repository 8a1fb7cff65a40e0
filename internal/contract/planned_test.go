package contract

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"liandan/internal/access"
	"liandan/internal/id"
	"liandan/internal/server"
)

// planOnPage plans a trip at the collector's desk as a dispatcher without scripts does: the
// stops are put into the form in the order in which they are given, the last one is moved to
// the front by its button, and the form is saved.
func planOnPage(t *testing.T, s *server.Server, collector id.Party, driver id.Person, plate, day string, sites ...id.Site) {
	t.Helper()
	member(t, s, "dispatcher.sample", access.Appointment{Role: access.OrganisationAdministrator, Party: collector})
	c := &http.Client{Jar: must(cookiejar.New(nil))(t)}
	ask := func(r *http.Response, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		body := string(must(io.ReadAll(r.Body))(t))
		if r.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d\n%s", r.Request.URL, r.StatusCode, body)
		}
		return body
	}
	ask(c.PostForm(s.URL+"/signin", url.Values{"login": {"dispatcher.sample"}, "password": {samplePassword}}))
	page := ask(c.Get(s.URL + "/trips/new"))
	token := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(page)
	if token == nil {
		t.Fatal("the form has no token")
	}
	form := url.Values{"csrf": {token[1]}, "collector": {collector.String()}, "other": {plate}, "driver": {driver.String()}, "day": {day}}
	place := func(list []string) {
		for name := range form {
			if strings.HasPrefix(name, "stop.") {
				delete(form, name)
			}
		}
		for _, name := range list {
			n, _, _ := strings.Cut(strings.TrimPrefix(name, "stop."), ".")
			form.Set(name, n)
		}
	}
	stops := regexp.MustCompile(`name="(stop\.[^"]+)"`)
	for i, x := range sites {
		form.Set("stop."+string(rune('1'+i))+"."+x.String()+".", string(rune('1'+i)))
	}
	for range sites[1:] {
		form.Set("do", "up."+sites[len(sites)-1].String())
		var list []string
		for _, m := range stops.FindAllStringSubmatch(ask(c.PostForm(s.URL+"/trips", form)), -1) {
			list = append(list, m[1])
		}
		place(list)
	}
	form.Set("do", "save")
	if page = ask(c.PostForm(s.URL+"/trips", form)); !strings.Contains(page, "已保存") {
		t.Fatalf("the trip was not saved:\n%s", page)
	}
}
