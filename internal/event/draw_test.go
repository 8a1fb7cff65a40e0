package event_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/calendar"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// Generators of whole events, as a device would hold them.

func drawUUID(r *rapid.T, name string) id.UUID {
	ms := rapid.Int64Range(0, 1<<48-1).Draw(r, name+" ms")
	var random [10]byte
	copy(random[:], rapid.SliceOfN(rapid.Byte(), 10, 10).Draw(r, name))
	return id.V7(ms, random)
}

func drawHash(r *rapid.T) (h id.Hash) {
	copy(h[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(r, "hash"))
	return h
}

func drawText(r *rapid.T, name string, min, max int) string {
	letters := rapid.RuneFrom([]rune("aZ09 -_.,:;'\"\\/<>&危废袋°é\u00a0\u200b\u2028\ufeff\U0001f6e2\U0010fffd"))
	return rapid.StringOfN(letters, min, max, -1).Draw(r, name)
}

func drawGrams(r *rapid.T) waste.Grams {
	return waste.Grams(rapid.Int64Range(1, int64(waste.MaxBatch)).Draw(r, "grams"))
}

func drawMethod(r *rapid.T) waste.Method {
	return rapid.SampledFrom([]waste.Method{"D10", "R1", "us:H141"}).Draw(r, "method")
}

func drawMeasured(r *rapid.T) event.Measured {
	return rapid.SampledFrom([]event.Measured{event.OnScale, event.Estimated}).Draw(r, "measured")
}

// drawAt gives a millisecond of the years 2000 to 2199 in any zone within 18 hours.
func drawAt(r *rapid.T) time.Time {
	from, to := time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2199, 12, 30, 0, 0, 0, 0, time.UTC)
	ms := rapid.Int64Range(from.UnixMilli(), to.UnixMilli()).Draw(r, "at")
	minutes := rapid.IntRange(-18*60, 18*60).Draw(r, "zone")
	return time.UnixMilli(ms).In(time.FixedZone("", minutes*60))
}

func drawBatches(r *rapid.T, typ event.Type) []event.Batch {
	most := 4
	if typ == event.BatchGenerated || typ == event.MeterRecorded {
		most = 1
	}
	out := make([]event.Batch, rapid.IntRange(1, most).Draw(r, "batches"))
	for i := range out {
		b := &out[i]
		b.ID = id.BatchOf(drawUUID(r, "batch"))
		if typ != event.BatchGenerated && rapid.Bool().Draw(r, "seen") {
			b.Seen = drawHash(r)
		}
		optional := typ == event.TransportHandedOver || typ == event.TransportReturned || typ == event.BatchReleased || typ == event.BatchReceived || typ == event.BatchStored || typ == event.TransportDelivered
		bare := typ == event.ManifestNumbered || typ.Mends() || typ == event.OutcomeReported || typ == event.ManifestCancelled
		if !bare && (!optional || rapid.Bool().Draw(r, "weighed")) {
			b.Grams, b.Weighed = drawGrams(r), true
		}
		if !bare {
			b.Packages = rapid.IntRange(0, 100_000).Draw(r, "packages")
		}
		switch typ {
		case event.ManifestAccepted:
			b.Verdict, b.Reason = event.Whole, drawText(r, "reason", 0, 200)
			if rapid.Bool().Draw(r, "part") {
				b.Verdict, b.Reason, b.RefusedGrams = event.Part, drawText(r, "reason", 1, 200), drawGrams(r)
				if rapid.Bool().Draw(r, "with rest") {
					b.Rest = id.BatchOf(drawUUID(r, "rest"))
				}
			}
		case event.ManifestRefused:
			b.Reason = drawText(r, "reason", 1, 200)
		case event.BatchTreated:
			b.ResidueGrams = waste.Grams(rapid.Int64Range(0, int64(b.Grams)).Draw(r, "residue"))
		}
	}
	return out
}

func drawData(r *rapid.T, typ event.Type) event.Data {
	party := func(n string) id.Party { return id.PartyOf(drawUUID(r, n)) }
	switch typ {
	case event.UseRecorded:
		return event.Use{Item: drawText(r, "item", 1, 64), Kind: rapid.SampledFrom([]string{"product", "material"}).Draw(r, "kind"),
			Quantity: rapid.Int64Range(1, 1_000_000_000).Draw(r, "quantity"), Unit: rapid.SampledFrom([]string{"piece", "g", "ml"}).Draw(r, "unit"),
			Department: drawText(r, "department", 0, 64), ExpectsCode: rapid.SampledFrom([]waste.Code{"", "900-249-08", "us:D009"}).Draw(r, "expects"),
			ExpectsGrams: waste.Grams(rapid.Int64Range(0, int64(waste.MaxBatch)).Draw(r, "expects grams"))}
	case event.BatchGenerated:
		d := event.Generated{Code: rapid.SampledFrom([]waste.Code{"841-001-01", "999-999-99", "us:D009"}).Draw(r, "code"),
			Form: rapid.SampledFrom(waste.Forms()).Draw(r, "form"), Packaging: rapid.SampledFrom(waste.Packagings()).Draw(r, "packaging").Code,
			Measured: drawMeasured(r), Scale: drawText(r, "scale", 0, 32), Department: drawText(r, "department", 0, 64),
			Container: drawText(r, "container", 0, 64), Name: drawText(r, "name", 0, 64)}
		if rapid.Bool().Draw(r, "with label") {
			d.Label = drawLabel(r)
		}
		if d.Code.Category() == event.Medical {
			d.Isolation, d.Layers = rapid.Bool().Draw(r, "isolation"), rapid.IntRange(0, 2).Draw(r, "layers")
		}
		d.Behalf = drawBehalf(r)
		return d
	case event.BatchReleased:
		d := event.Released{From: drawText(r, "from", 0, 64)}
		if rapid.Bool().Draw(r, "with to") {
			d.To = id.PersonOf(drawUUID(r, "to"))
		}
		if rapid.Bool().Draw(r, "with site") {
			d.ToSite = id.SiteOf(drawUUID(r, "to site"))
		}
		return d
	case event.BatchReceived:
		return event.Received{Place: drawText(r, "place", 0, 64)}
	case event.BatchStored:
		d := event.Stored{Place: drawText(r, "place", 1, 64), HasTemperature: rapid.Bool().Draw(r, "warm")}
		if d.HasTemperature {
			d.TemperatureDC = rapid.Int64Range(-500, 1000).Draw(r, "temperature")
		}
		return d
	case event.ManifestIssued:
		return event.Issued{Profile: rapid.SampledFrom([]string{"hazardous", "medical"}).Draw(r, "profile"), Carrier: party("carrier"),
			Consignee: party("consignee"), ConsigneeSite: id.SiteOf(drawUUID(r, "consignee site")),
			Method: rapid.SampledFrom([]waste.Method{"", "D10", "us:H141"}).Draw(r, "intended"), Number: rapid.SampledFrom([]string{"", "20261306000123"}).Draw(r, "number"), From: drawText(r, "from", 0, 64),
			Exempt: event.Exempt{Collection: rapid.SampledFrom([]event.ExemptionRef{"", "2021-2.1"}).Draw(r, "collection"),
				Transport: rapid.SampledFrom([]event.ExemptionRef{"", "2021-2.2", "2099-99.99"}).Draw(r, "transport")}, Behalf: drawBehalf(r)}
	case event.TransportCollected:
		return event.Collected{Vehicle: drawText(r, "vehicle", 1, 16), Permit: drawText(r, "permit", 0, 32),
			Measured: drawMeasured(r), Scale: drawText(r, "scale", 0, 32), Reservation: drawReservation(r)}
	case event.TransportDelivered:
		return event.Delivered{Vehicle: drawText(r, "vehicle", 1, 16), Reservation: drawReservation(r)}
	case event.ManifestNumbered:
		return event.Numbered{Number: "20261306000123"}
	case event.CorrectionProposed:
		d := event.Correction{Reason: drawText(r, "reason", 1, 200), Until: time.Date(2199, 12, 31, 12, 0, 0, 0, time.UTC)}
		for i := range rapid.IntRange(1, 3).Draw(r, "changes") {
			d.Changes = append(d.Changes, event.Change{Pointer: fmt.Sprintf("/batches/%d/grams", i), Old: rapid.SampledFrom([]event.Value{"null", "1", `"a\u003cb"`}).Draw(r, "old"), New: "5"})
		}
		for range rapid.IntRange(0, 3).Draw(r, "parties") {
			d.Parties = append(d.Parties, party("concerned"))
		}
		return d
	case event.CorrectionAgreed:
		return event.Consent{Remark: drawText(r, "remark", 0, 200)}
	case event.CorrectionDeclined:
		return event.Dissent{Reason: drawText(r, "reason", 1, 200)}
	case event.ManifestAccepted:
		return event.Accepted{Measured: drawMeasured(r), Scale: drawText(r, "scale", 0, 32)}
	case event.MeterRecorded:
		return event.Metered{Meter: drawText(r, "meter", 1, 32), Day: time.Date(2026, 3, rapid.IntRange(1, 31).Draw(r, "day"), 0, 0, 0, 0, calendar.Zone())}
	case event.IncidentReported:
		return event.Incident{Kind: rapid.SampledFrom([]event.IncidentKind{event.Spill, event.Fire}).Draw(r, "kind"), Place: drawText(r, "place", 1, 200),
			Measures: drawText(r, "measures", 1, 500), ReportedTo: drawText(r, "told", 0, 200)}
	case event.PaperBackfilled:
		d := event.Backfilled{Scan: drawHash(r), Slip: drawText(r, "slip", 0, 32), Reason: drawText(r, "reason", 1, 200), Profile: "medical",
			Consignor: id.PartyOf(drawUUID(r, "consignor")), ConsignorSite: id.SiteOf(drawUUID(r, "site")), Carrier: id.PartyOf(drawUUID(r, "carrier")),
			CarrierSite: id.SiteOf(drawUUID(r, "site")), Consignee: id.PartyOf(drawUUID(r, "consignee")), ConsigneeSite: id.SiteOf(drawUUID(r, "site")),
			Vehicle: drawText(r, "vehicle", 1, 16), Measured: drawMeasured(r), Scale: drawText(r, "scale", 0, 32)}
		return d // who signed, and when, is for drawEvent
	case event.BatchTreated:
		return event.Treated{Method: drawMethod(r), Facility: drawText(r, "facility", 0, 64)}
	case event.BatchRepacked:
		d := event.Repacked{}
		for i := range rapid.IntRange(1, 4).Draw(r, "children") {
			c := event.Child{ID: id.BatchOf(drawUUID(r, "child")), Grams: waste.Grams(rapid.IntRange(1, 200).Draw(r, "child grams")), Code: "841-001-01",
				Form: rapid.SampledFrom(waste.Forms()).Draw(r, "form"), Packaging: rapid.SampledFrom(waste.Packagings()).Draw(r, "packaging").Code,
				Packages: rapid.IntRange(0, 100_000).Draw(r, "packages"), Container: drawText(r, "container", 0, 64)}
			if i == 0 && rapid.Bool().Draw(r, "with label") {
				c.Label = drawLabel(r)
			}
			d.Children = append(d.Children, c)
		}
		return d
	case event.ManifestCancelled:
		return event.Cancelled{Reason: drawText(r, "reason", 1, 200), Behalf: drawBehalf(r)}
	case event.TransportHandedOver:
		d := event.HandedOver{To: party("to"), Reservation: drawReservation(r)}
		if rapid.Bool().Draw(r, "with site") {
			d.ToSite = id.SiteOf(drawUUID(r, "to site"))
		}
		return d
	case event.ManifestRefused:
		return event.Refused{Measured: drawMeasured(r), Scale: drawText(r, "scale", 0, 32)}
	case event.TransportReturned:
		return event.Returned{Vehicle: drawText(r, "vehicle", 0, 16)}
	case event.RulingRecorded:
		return event.Ruling{Event: id.EventOf(drawUUID(r, "ruled")), Hash: drawHash(r),
			Verdict: rapid.SampledFrom([]event.RulingVerdict{event.Admit, event.Reject}).Draw(r, "verdict"), Reason: drawText(r, "reason", 1, 200)}
	case event.SampleDrawn:
		return event.Sample{Period: drawText(r, "period", 1, 32), List: drawHash(r), Sites: rapid.IntRange(1, 20_000).Draw(r, "sites"), People: rapid.IntRange(1, 2_000).Draw(r, "people"),
			DrawSites: rapid.IntRange(1, 20_000).Draw(r, "draw sites"), DrawPeople: rapid.IntRange(1, 2_000).Draw(r, "draw people"),
			Size: rapid.Int64Range(2, 1<<40).Draw(r, "size"), Round: rapid.IntRange(1, 100).Draw(r, "round"), Reason: drawText(r, "reason", 0, 200)}
	case event.InspectionRecorded:
		d := event.Inspection{Inspected: id.SiteOf(drawUUID(r, "inspected")), Class: rapid.SampledFrom([]string{"generator", "operator"}).Draw(r, "class"),
			Sheet: drawText(r, "sheet", 1, 32), Version: drawText(r, "version", 1, 32), Accidents: rapid.IntRange(0, 100).Draw(r, "accidents"),
			Major: rapid.IntRange(0, 100).Draw(r, "major"), Note: drawText(r, "note", 0, 400)}
		for i := range rapid.IntRange(1, 40).Draw(r, "items") {
			x := event.Scored{No: i + 1, Points: rapid.IntRange(0, 1000).Draw(r, "points")}
			if rapid.Bool().Draw(r, "inapplicable") {
				x = event.Scored{No: i + 1, Inapplicable: true}
			}
			d.Items, d.Total = append(d.Items, x), d.Total+x.Points
		}
		for range rapid.IntRange(0, 8).Draw(r, "companions") {
			if p := id.PersonOf(drawUUID(r, "companion")); !slices.Contains(d.With, p) {
				d.With = append(d.With, p)
			}
		}
		return d
	}
	if d := drawSource(r, typ); d != nil {
		return d
	}
	return event.Outcome{Result: drawText(r, "result", 1, 64)}
}

func drawReservation(r *rapid.T) event.Reservation {
	return event.Reservation{Text: drawText(r, "reservation", 0, 200), Unverified: rapid.Bool().Draw(r, "unverified")}
}

// drawBehalf gives one of three: none, by a standing authorisation, by a code.
func drawBehalf(r *rapid.T) (b event.Behalf) {
	switch rapid.IntRange(0, 2).Draw(r, "behalf") {
	case 1:
		b = event.Behalf{Party: id.PartyOf(drawUUID(r, "source")), Authorisation: id.EventOf(drawUUID(r, "authorisation"))}
	case 2:
		b = event.Behalf{Party: id.PartyOf(drawUUID(r, "source")), Confirmation: drawHash(r)}
	}
	return b
}

// drawSource is the data of the types of small sources.
func drawSource(r *rapid.T, typ event.Type) event.Data {
	code := rapid.SampledFrom([]waste.Code{"900-052-31", "900-214-08", "us:D009"})
	switch typ {
	case event.AuthorisationGiven:
		from := drawAt(r).UTC()
		return event.Authorisation{To: id.PartyOf(drawUUID(r, "to")), From: from, Until: from.Add(time.Minute),
			Codes: rapid.SliceOfNDistinct(code, 1, 3, rapid.ID[waste.Code]).Draw(r, "codes")}
	case event.AuthorisationWithdrawn:
		return event.Withdrawal{Authorisation: id.EventOf(drawUUID(r, "authorisation")), Reason: drawText(r, "reason", 0, 200)}
	case event.StopSkipped:
		return event.Skipped{Stop: id.SiteOf(drawUUID(r, "stop")), Reason: drawText(r, "reason", 1, 200)}
	case event.BatterySold:
		return event.Sold{Code: code.Draw(r, "code"), Pieces: rapid.Int64Range(1, 100_000).Draw(r, "pieces"), Grams: drawGrams(r)}
	case event.BatteryTakenBack:
		return event.TakenBack{Code: code.Draw(r, "code"), Pieces: rapid.Int64Range(1, 100_000).Draw(r, "pieces"), Grams: drawGrams(r)}
	}
	return nil
}

func drawEvent(r *rapid.T, typ event.Type) event.Event {
	e := event.Event{ID: id.EventOf(drawUUID(r, "event")), Type: typ, At: drawAt(r), Party: id.PartyOf(drawUUID(r, "party")),
		Site: id.SiteOf(drawUUID(r, "site")), Person: id.PersonOf(drawUUID(r, "person"))}
	switch typ {
	case event.ManifestNumbered, event.ManifestCancelled, event.TransportHandedOver, event.ManifestRefused, event.TransportReturned, event.ManifestIssued, event.TransportCollected, event.TransportDelivered, event.ManifestAccepted, event.OutcomeReported, event.MeterRecorded, event.PaperBackfilled:
		e.Manifest = id.ManifestOf(drawUUID(r, "manifest"))
	}
	if typ == event.StopSkipped {
		e.Trip = id.TripOf(drawUUID(r, "trip"))
	}
	if (typ == event.TransportHandedOver || typ == event.TransportCollected || typ == event.TransportDelivered) && rapid.Bool().Draw(r, "with trip") {
		e.Trip = id.TripOf(drawUUID(r, "trip"))
	}
	if typ.OfBatches() {
		e.Batches = drawBatches(r, typ)
	}
	if typ.Mends() && rapid.Bool().Draw(r, "of a manifest") {
		e.Manifest = id.ManifestOf(drawUUID(r, "manifest"))
	}
	most := 3
	if typ.Mends() {
		most = 1
	}
	for range rapid.IntRange(1, most).Draw(r, "refs") {
		e.Refs = append(e.Refs, id.EventOf(drawUUID(r, "ref")))
	}
	e.Data = drawData(r, typ)
	if d, ok := e.Data.(event.Backfilled); ok { // filled in by its consignor, signed by two
		d.Consignor, d.ConsignorSite = e.Party, e.Site
		d.Signed = []event.Signature{{Role: event.ByConsignor, At: e.At.UTC()}, {Role: event.ByCarrier, At: e.At.UTC()}}
		e.Data = d
	}
	if d, ok := e.Data.(event.Repacked); ok { // the first child has what the others leave
		total := waste.Grams(0)
		for i := range e.Batches {
			e.Batches[i].Grams = 1000 + e.Batches[i].Grams%1_000_000
			total += e.Batches[i].Grams
		}
		for _, c := range d.Children[1:] {
			total -= c.Grams
		}
		d.Children[0].Grams = total
	}
	return e
}
