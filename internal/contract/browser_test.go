package contract

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"liandan/internal/calendar"
	"liandan/internal/client"
	samplecity "liandan/internal/sample"
	"liandan/internal/server"
)

// page is what a real browser makes of an address.
type page struct {
	Text     string  // as a person reads it
	Overflow float64 // pixels beyond the window's width
	Glyphs   bool    // Chinese characters are drawn as characters, not as empty boxes
	Links    int     // telephone numbers that can be tapped
	Noise    []string
}

const lookAtPage = `(() => {
	const draw = (s) => {
		const c = document.createElement('canvas'); c.width = c.height = 40
		const x = c.getContext('2d'); x.font = '32px ' + getComputedStyle(document.body).fontFamily
		x.fillText(s, 2, 34); return c.toDataURL()
	}
	return JSON.stringify({
		Text: document.body.innerText,
		Overflow: document.documentElement.scrollWidth - innerWidth,
		Glyphs: draw('危') !== draw('险') && draw('危') !== draw('\u{10FFFE}'),
		Links: document.querySelectorAll('a[href^="tel:"]').length,
	})
})()`

// look opens an address and keeps a picture of it in LIANDAN_SHOTS, where that is set.
func look(t *testing.T, ctx context.Context, name, url string) page {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, waits)
	defer cancel()
	messages := chromedp.Console(ctx)
	if err := chromedp.Do(ctx, chromedp.Navigate(url), chromedp.WaitVisible("body")); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var p page
	raw, err := chromedp.Run(ctx, chromedp.Evaluate[string](lookAtPage))
	if err == nil {
		err = json.Unmarshal([]byte(raw), &p)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if dir := os.Getenv("LIANDAN_SHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), must(chromedp.Run(ctx, chromedp.FullScreenshot(100)))(t), 0o600); err != nil {
			t.Error(err)
		}
	}
	// The page's last word, after which the console holds all that it wrote before.
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[string](`console.log('end'), 'said'`)); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for m, err := range messages {
		if err != nil {
			t.Fatalf("%s: console: %v", name, err)
		}
		if m.Text == "end" {
			break
		}
		if !strings.Contains(m.Text, "status of 4") { // the page itself is the answer to a bad code
			p.Noise = append(p.Noise, m.String())
		}
	}
	return p
}

// playedDay serves a sample city whose day has been played, at the clock of its evening.
func playedDay(t *testing.T) (*server.Server, *samplecity.City, samplecity.Story) {
	t.Helper()
	date := samplecity.Day{Date: time.Date(2026, 3, 2, 0, 0, 0, 0, calendar.Zone()), Run: 1}
	clock := &hourglass{}
	clock.set(date.Opens().Add(-10 * time.Minute))
	s := serve(t, "", clock.now)
	c := client.New(s.URL, s.Token)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, c)
	told := must(city.Play(t.Context(), date, c, func(at samplecity.Progress) { clock.set(at.At) }))(t)
	return s, city, told
}

// TestFindersPageInABrowser scans a label as a stranger's phone would: the valid one, the
// one that was replaced, one that nobody printed, and one that was mistyped.
func TestFindersPageInABrowser(t *testing.T) {
	s, city, told := playedDay(t)
	old := string(told.Label)
	// The plant holds the batch by the end of the day, and whoever holds one replaces its label.
	holder := must(s.Registry.NewToken(t.Context(), somebody(t, city, "plant.sample").Appointment, "SAMPLE", time.Time{}))(t)
	fresh := newLabel(t, s.URL+"/v1/batches/"+told.Batch.String()+"/labels", holder)
	ctx := browser(t)
	for _, x := range []struct{ name, path, says, en string }{
		{"valid", "/q/" + fresh, "感染性", "infectious"},
		{"revoked", "/q/" + old, "作废", "replaced"},
		{"unknown", "/q/00000000000000000000000000" + "0", "没有这个标签", "Unknown label"},
		{"mistyped", "/q/" + fresh[:26] + wrong(fresh[26]), "输入有误", "mistyped"},
		{"start", "/", "联单", "log"},
	} {
		p := look(t, ctx, x.name, s.URL+x.path)
		if !strings.Contains(p.Text, x.says) || !strings.Contains(p.Text, x.en) {
			t.Errorf("%s: the page does not say %q and %q:\n%s", x.name, x.says, x.en, p.Text)
		}
		if x.name != "start" && p.Links < 3 {
			t.Errorf("%s: %d telephone numbers to tap", x.name, p.Links)
		}
		if !p.Glyphs || p.Overflow > 0 || len(p.Noise) > 0 {
			t.Errorf("%s: glyphs %v, %v px too wide, console %q", x.name, p.Glyphs, p.Overflow, p.Noise)
		}
		for _, secret := range []string{"样例", "SAMPLE", told.Batch.String(), told.Manifest.String(), " kg", " g\n"} {
			if strings.Contains(p.Text, secret) {
				t.Errorf("%s: a stranger reads %q:\n%s", x.name, secret, p.Text)
			}
		}
	}
}

// somebody is one of the city's people.
func somebody(t *testing.T, city *samplecity.City, login string) samplecity.Somebody {
	t.Helper()
	for _, who := range city.People() {
		if who.Login == login {
			return who
		}
	}
	t.Fatalf("the city has no %s", login)
	return samplecity.Somebody{}
}

func wrong(check byte) string {
	if check == 'X' {
		return "Y"
	}
	return "X"
}

// newLabel replaces a batch's label.
func newLabel(t *testing.T, url, token string) string {
	t.Helper()
	req := must(http.NewRequestWithContext(t.Context(), http.MethodPost, url, nil))(t)
	req.Header.Set("Authorization", "Bearer "+token)
	resp := must(http.DefaultClient.Do(req))(t)
	defer resp.Body.Close()
	var l struct{ Label string }
	if err := json.NewDecoder(resp.Body).Decode(&l); err != nil || resp.StatusCode != http.StatusCreated || len(l.Label) != 27 {
		t.Fatalf("new label: %d %+v %v", resp.StatusCode, l, err)
	}
	return l.Label
}
