package source

import (
	"fmt"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// Year is what one site gave in one calendar year (Asia/Shanghai), as the first carriers
// weighed it.
type Year struct {
	Site     id.Site
	Year     int
	Grams    waste.Grams
	ByCode   map[waste.Code]waste.Grams
	Limit    waste.Grams
	Pickups  int
	Events   []id.Event // the collections behind the sum, in the order of time
	Findings []Finding
	Rule     Limits
}

// SumYear adds up the collections at a site. codes gives a batch's waste code, "" for
// batches that were not collected from this site. A batch that a later carrier took over
// under the same manifest counts once.
func SumYear(b Book, site id.Site, year int, collections []event.Event, codes func(id.Manifest, id.Batch) waste.Code) Year {
	y := Year{Site: site, Year: year, ByCode: map[waste.Code]waste.Grams{}}
	y.Rule = b.At(time.Date(year, 12, 31, 0, 0, 0, 0, calendar.Zone()))
	y.Limit = y.Rule.YearGrams
	type line struct {
		m id.Manifest
		b id.Batch
	}
	met := map[line]bool{}
	var owner id.Party
	for _, e := range inTime(collections) {
		if _, ok := e.Data.(event.Collected); !ok {
			continue
		}
		counted := false
		for _, x := range e.Batches {
			code := codes(e.Manifest, x.ID)
			if code == "" || met[line{e.Manifest, x.ID}] {
				continue
			}
			met[line{e.Manifest, x.ID}] = true
			if e.At.In(calendar.Zone()).Year() != year {
				continue
			}
			y.Grams += x.Grams
			y.ByCode[code] += x.Grams
			counted = true
		}
		if counted {
			y.Pickups++
			y.Events = append(y.Events, e.ID)
			owner = e.Party
		}
	}
	y.judge(owner)
	return y
}

// judge holds the sum against the limit. Whoever collected last owns the finding: a
// collector may not take as small what is not.
func (y *Year) judge(owner id.Party) {
	f := Finding{Owner: owner, Site: y.Site, Grams: y.Grams, Version: y.Rule.Version}
	switch {
	case y.Grams > y.Limit:
		f.Rule = OverLimit
		f.ZH = fmt.Sprintf("该场所 %d 年已收运 %s 千克，超过小源单位年度限量 %s 千克", y.Year, y.Grams.Kilograms(), y.Limit.Kilograms())
		f.EN = fmt.Sprintf("The site gave %s kg in %d; a small source gives at most %s kg.", y.Grams.Kilograms(), y.Year, y.Limit.Kilograms())
	case int64(y.Grams)*100 >= int64(y.Limit)*y.Rule.NearPercent:
		f.Rule = NearLimit
		f.ZH = fmt.Sprintf("该场所 %d 年已收运 %s 千克，接近小源单位年度限量 %s 千克", y.Year, y.Grams.Kilograms(), y.Limit.Kilograms())
		f.EN = fmt.Sprintf("The site gave %s kg in %d, near to the %s kg of a small source.", y.Grams.Kilograms(), y.Year, y.Limit.Kilograms())
	default:
		return
	}
	y.Findings = append(y.Findings, f)
}
