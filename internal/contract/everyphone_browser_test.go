package contract

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/chromedp/chromedp"
)

// phonePage is one page of the phone app: on whose phone it is looked at, and with what.
type phonePage struct {
	on        phone
	given     string
	elsewhere string // the test that looks at it, where nobody of this story may see it
}

// phonePages is the whole table of them. A page of the app that is not here fails the test.
func (x *tale) phonePages() map[string]phonePage {
	first := x.nurse.batchOf(x.stops[0].label).State
	bag, sheet := first.ID.String(), first.Manifest.String()
	nurse, driver, plant := x.nurse, x.driver, x.plant
	return map[string]phonePage{
		"": {on: nurse}, "enrol": {on: nurse}, "queue": {on: nurse}, "device": {on: nurse},
		"bag": {on: nurse}, "label": {on: nurse, given: bag}, "labels": {on: nurse, given: bag}, "scan": {on: nurse}, "bags": {on: nurse}, "act": {on: nurse, given: bag},
		"many": {on: nurse, given: "manifest.issued"}, "give": {on: nurse}, "take": {on: nurse, given: "x"}, "scale": {on: nurse}, "mishap": {on: nurse}, "reported": {on: nurse},
		"repack": {on: nurse}, "mend": {on: nurse}, "mended": {on: nurse}, "stopcode": {on: nurse}, "leave": {on: nurse}, "told": {on: nurse},
		"trip": {on: driver}, "stop": {on: driver, given: sheet}, "skip": {on: driver, given: x.plant.who.Appointment.Sites[0].String()}, "at": {on: driver}, "unload": {on: driver}, "pickup": {on: driver},
		"behalf": {on: driver}, "drum": {on: driver}, "taker": {on: driver}, "to": {on: driver}, "relay": {on: driver}, "return": {on: driver},
		"gate": {on: plant}, "check": {on: plant, given: sheet}, "load": {on: plant, given: "-/-"}, "stock": {on: plant}, "put": {on: plant}, "manifest": {on: plant, given: sheet}, "treat": {on: plant}, "outcome": {on: plant},
		"inspected": {on: nurse}, "colleagues": {on: nurse}, "answers": {on: nurse},
		"inspect": {elsewhere: "TestAnInspectionOnATablet"}, "draw": {elsewhere: "TestADrawAnnouncedOnATablet"}, "drawn": {elsewhere: "TestADrawAnnouncedOnATablet"},
	}
}

// phones opens every page of the app, as a phone and as a tablet has it: in both languages,
// nothing too wide, nothing that axe finds serious. A console that says anything fails anyway.
func (x *tale) phones() {
	x.t.Helper()
	table := x.phonePages()
	names := js[[]string](x.nurse.walker, `import(document.querySelector('script[type="module"]').src.replace("start.js", "pages.js")).then((m) => Object.keys(m.byName))`)
	for _, name := range names {
		at, ok := table[name]
		if !ok {
			x.t.Errorf("the app's page %q is in no row of the table", name)
			continue
		}
		delete(table, name)
		if at.elsewhere != "" {
			continue
		}
		w := at.on.walker
		to := "#" + name
		if at.given != "" {
			to += "/" + at.given
		}
		js[bool](w, `(document.getElementById("page").replaceChildren(), location.hash = "#-", location.hash = `+strconv.Quote(to)+`, true)`)
		w.until("the page "+name, `document.querySelector("#page h1")`)
		for _, width := range []int64{390, 1280} {
			w.run(name, chromedp.EmulateViewport(width, 844))
			size := strconv.FormatInt(width, 10)
			for _, text := range js[[]string](w, spoken) {
				x.t.Errorf("the app's page %q: in one language alone: %s", name, text)
			}
			if over := js[float64](w, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				x.t.Errorf("the app's page %q is %v px too wide at %s", name, over, size)
			}
			if dir := os.Getenv("LIANDAN_SHOTS"); dir != "" {
				if err := os.WriteFile(filepath.Join(dir, "app-"+name+"-"+size+".png"), must(chromedp.Run(w.ctx, chromedp.FullScreenshot(100)))(x.t), 0o600); err != nil {
					x.t.Error(err)
				}
			}
		}
		w.run(name, chromedp.EmulateViewport(390, 844))
		w.axe("the app's page " + name)
	}
	for name := range table {
		if !slices.Contains(names, name) {
			x.t.Errorf("the table has a page %q that the app has not", name)
		}
	}
}
