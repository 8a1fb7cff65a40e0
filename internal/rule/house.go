package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/waste"
)

// Rules of medical waste inside the house.

func (l Limits) of(s Step, c Code, o Owner, zh, en string) Finding {
	f := s.finding(c, Open, o, l.Version)
	f.ZH, f.EN = zh, en
	return f
}

// medicalOnly are containers that are made for medical waste (HJ 421-2008).
var medicalOnly = []waste.Packaging{"sharps_box", turnoverBox}

const turnoverBox waste.Packaging = "turnover_box"

func (b Book) house(s Step) []Finding {
	out, l := b.exceeded(s), b.At(s.Event.At)
	d, ok := s.Event.Data.(event.Generated)
	if !ok {
		return out
	}
	if d.Isolation && d.Layers != 2 {
		out = append(out, l.of(s, SingleLayer, Owner{s.Event.Party, Signer}, "隔离病人的废物应使用双层包装物（医疗卫生机构医疗废物管理办法）",
			"Waste of patients in isolation belongs in double bags (医疗卫生机构医疗废物管理办法)."))
	}
	if slices.Contains(medicalOnly, d.Packaging) && d.Code.Category() != event.Medical {
		out = append(out, l.of(s, NoMedicalClass, Owner{s.Event.Party, Signer}, "医疗废物专用容器应写明医疗废物类别（841-00x-01）",
			"A container for medical waste needs a class of medical waste (841-00x-01)."))
	}
	return out
}

// Beds is what the register says of an institution's site at the event's date.
type Beds struct {
	Known  bool   // the site was in the register on that day
	Kind   string // of the site: hospital, clinic, …
	Number int    // 0 for a hospital means that nobody entered them
}

// Claims judges the exemptions that a consignor claims on a manifest: that there is such a
// line on that day, that it covers the stage and every code on the manifest, and that the
// institution has no more beds than the line allows (危险废物豁免管理清单, item 2).
func (b Book) Claims(issue event.Event, codes []waste.Code, beds Beds) []Finding {
	d, ok := issue.Data.(event.Issued)
	if !ok {
		return nil
	}
	var out []Finding
	for _, c := range []struct {
		stage waste.Stage
		ref   event.ExemptionRef
	}{{waste.StageCollection, d.Exempt.Collection}, {waste.StageTransport, d.Exempt.Transport}} {
		if c.ref == "" {
			continue
		}
		zh, en := missesRight(c.stage, string(c.ref), issue.At, codes, beds)
		if en != "" {
			out = append(out, Finding{Rule: NoRightExempt, Severity: Open, Owner: Owner{issue.Party, Consignor}, Event: issue.ID, Version: b.At(issue.At).Version,
				ZH: fmt.Sprintf("%s环节豁免 %s：%s", c.stage.Name(), c.ref, zh), EN: fmt.Sprintf("Exemption %s of %s: %s", c.ref, c.stage.NameEN(), en)})
		}
	}
	return out
}

// missesRight says why a claim has no right, in both languages; "" when it has.
func missesRight(stage waste.Stage, ref string, at time.Time, codes []waste.Code, beds Beds) (zh, en string) {
	for _, code := range codes {
		lines := waste.ExemptionsFor(code, stage, at)
		i := slices.IndexFunc(lines, func(x waste.Exemption) bool { return x.Ref() == ref })
		if i < 0 {
			return fmt.Sprintf("清单该条当日不含代码 %s 的此环节", code), fmt.Sprintf("the list of that day gives no such line for %s at this stage.", code)
		}
		most := lines[i].BedsMost
		switch {
		case most == 0:
		case !beds.Known:
			return "登记册中当日无此场所", "the site was not in the register on that day."
		case beds.Number == 0 && beds.Kind == "hospital":
			return "登记册未载床位数", "the register has no number of beds."
		case beds.Number > most:
			return fmt.Sprintf("登记床位 %d 张，超过 %d 张", beds.Number, most), fmt.Sprintf("the register has %d beds, more than %d.", beds.Number, most)
		}
	}
	return "", ""
}

// Boxes finds turnover boxes that were full twice at the same time. uses are batches of one
// packer in boxes; a box that was emptied may be used again.
func (b Book) Boxes(uses []batch.State, at time.Time) []Finding {
	uses = slices.DeleteFunc(slices.Clone(uses), func(s batch.State) bool { return s.Packaging != turnoverBox || s.Container == "" })
	slices.SortFunc(uses, func(x, y batch.State) int {
		return cmp.Or(strings.Compare(x.Container, y.Container), strings.Compare(x.Generator.String(), y.Generator.String()),
			cmp.Compare(x.BegunAt, y.BegunAt), strings.Compare(x.ID.String(), y.ID.String()))
	})
	var out []Finding
	for i := 1; i < len(uses); i++ {
		was, is := uses[i-1], uses[i]
		if was.Container == is.Container && was.Generator == is.Generator && (was.EmptiedAt == 0 || was.EmptiedAt > is.BegunAt) {
			out = append(out, Finding{Rule: BoxTwice, Severity: Open, Owner: Owner{is.Generator, Custodian}, Seq: is.Seq, Batch: is.ID, Version: b.At(at).Version,
				ZH: fmt.Sprintf("周转箱 %s 尚未清空又被使用（批次 %s）", is.Container, was.ID),
				EN: fmt.Sprintf("Turnover box %s was used again before it was emptied (batch %s).", is.Container, was.ID)})
		}
	}
	return out
}
