package store

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/registry"
	"liandan/internal/registry/registrytest"
)

// What an import changes is kept with who and when, row by row; what it leaves is not told
// again, a dry run tells nothing, and nobody changes what was told.
func TestRegisterChangesAreKept(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
		reg := registry.New(registry.Config{Store: s, Now: func() time.Time { return now }, Random: rand.Reader})
		load := func(kind, csv string, dry bool) registry.Report {
			t.Helper()
			rep, err := reg.ImportBy(t.Context(), "account:SAMPLE", kind, strings.NewReader(csv), dry)
			if err != nil || len(rep.Bad) > 0 {
				t.Fatalf("%+v %v", rep, err)
			}
			return rep
		}
		code, p := registrytest.Code(1), registry.PartyID(registrytest.Code(1))
		orgs := fmt.Sprintf("credit_code,name,roles\n%s,样例一院 SAMPLE,medical\n%s,样例二院 100%%_ SAMPLE,medical\n", code, registrytest.Code(2))
		load(registry.KindOrganisations, orgs, true)
		if told, err := s.RegisterChanges(t.Context(), p, 10); err != nil || len(told) != 0 {
			t.Fatalf("a dry run told %+v %v", told, err)
		}
		load(registry.KindOrganisations, orgs, false)
		now = now.Add(time.Hour)
		load(registry.KindOrganisations, orgs, false) // unchanged
		load(registry.KindOrganisations, fmt.Sprintf("credit_code,name,roles\n%s,样例一院新名 SAMPLE,medical\n", code), false)
		load(registry.KindSites, fmt.Sprintf("credit_code,name,kind,division,built_up,beds\n%s,本部,hospital,130602,1,40\n", code), false)
		load(registry.KindPeople, fmt.Sprintf("credit_code,person\n%s,N-1\n", code), false)
		told, err := s.RegisterChanges(t.Context(), p, 10)
		if err != nil || len(told) != 4 {
			t.Fatalf("told %+v %v", told, err)
		}
		if c := told[3]; c.Kind != "organisations" || c.By != "account:SAMPLE" || !c.At.Equal(now.Add(-time.Hour)) || c.Cells["name"] != "样例一院 SAMPLE" || c.Key != p.String() {
			t.Errorf("the first is %+v", c)
		}
		if c := told[2]; c.Cells["name"] != "样例一院新名 SAMPLE" || !c.At.Equal(now) {
			t.Errorf("the second is %+v", c)
		}
		if c := told[1]; c.Kind != "sites" || c.Cells["beds"] != "40" || c.Cells["division"] != "130602" {
			t.Errorf("the third is %+v", c)
		}
		sites, err := s.SitesOf(t.Context(), p)
		if err != nil || len(sites) != 1 {
			t.Fatalf("sites %+v %v", sites, err)
		}
		load(registry.KindMembers, fmt.Sprintf("credit_code,site_name,collector,basis,number,valid_from\n%s,本部,%s,contract,C-1,2026-01-01\n", code, registrytest.Code(2)), false)
		facts, err := s.FactsOfSites(t.Context(), []id.Site{sites[0].ID})
		if err != nil || len(facts) != 2 || facts[0].By != "account:SAMPLE" || facts[0].Kind != indicator.KindMember || facts[1].Kind != indicator.KindSite {
			t.Errorf("facts %+v %v", facts, err)
		}
		if none, err := s.FactsOfSites(t.Context(), nil); err != nil || len(none) != 0 {
			t.Errorf("facts of nothing %+v %v", none, err)
		}
		for at, want := range map[time.Time]string{now.Add(-2 * time.Hour): "样例一院 SAMPLE", now.Add(-time.Minute): "样例一院 SAMPLE", now: "样例一院新名 SAMPLE"} {
			ofParty, ofSite, err := s.RegisterNames(t.Context(), []id.Party{p, registry.PartyID(registrytest.Code(9))}, at)
			if err != nil || len(ofParty) != 1 || ofParty[p] != want || len(ofSite) != 1 || ofSite[sites[0].ID] != "本部" {
				t.Errorf("names at %s: %v %v %v", at, ofParty, ofSite, err)
			}
		}
		for _, sql := range []string{`UPDATE register_changes SET by_id = 'x'`, `DELETE FROM register_changes`} {
			if err := s.db.Exec(sql).Error; err == nil {
				t.Errorf("%s was let through", sql)
			}
		}
	})
}

func TestFindOrganisations(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		reg := registry.New(registry.Config{Store: s, Now: time.Now, Random: rand.Reader})
		var csv strings.Builder
		csv.WriteString("credit_code,name,roles\n")
		for n := 1; n <= 5; n++ {
			fmt.Fprintf(&csv, "%s,样例%d号 100%% SAMPLE_%d,medical\n", registrytest.Code(n), n, n)
		}
		if rep, err := reg.Import(t.Context(), registry.KindOrganisations, strings.NewReader(csv.String()), false); err != nil || !rep.Applied {
			t.Fatalf("%+v %v", rep, err)
		}
		find := func(f registry.Find) []registry.Found {
			t.Helper()
			list, err := s.FindOrganisations(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		first := find(registry.Find{Limit: 3})
		if len(first) != 3 || len(find(registry.Find{Limit: 3, After: first[2].ID})) != 2 {
			t.Errorf("pages of %d", len(first))
		}
		for words, want := range map[string]int{"样例3号": 1, "sample": 5, "%": 5, "_4": 1, "' OR 1=1 --": 0, string(registrytest.Code(2)): 1, strings.ToLower(string(registrytest.Code(2))): 1, `\`: 0} {
			if got := find(registry.Find{Words: words, Limit: 10}); len(got) != want {
				t.Errorf("%q finds %d, want %d", words, len(got), want)
			}
		}
		two := registry.PartyID(registrytest.Code(2))
		if got := find(registry.Find{Party: []id.Party{two}, Limit: 10}); len(got) != 1 || got[0].ID != two {
			t.Errorf("of one: %+v", got)
		}
		if got := find(registry.Find{Party: []id.Party{}, Limit: 10}); len(got) != 0 {
			t.Errorf("of none: %+v", got)
		}
	})
}

// A file waits for whoever left it and nobody else, in place of the one before, for a day.
func TestUploadsWait(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
		keep := func(by, name string, made time.Time) {
			t.Helper()
			if err := s.KeepUpload(t.Context(), registry.Upload{ID: name, By: by, Kind: "sites", Body: []byte("甲,乙\n" + name), Made: made}); err != nil {
				t.Fatal(err)
			}
		}
		there := func(by, name string, when time.Time) bool {
			t.Helper()
			u, ok, err := s.Upload(t.Context(), by, name, when)
			if err != nil || (ok && string(u.Body) != "甲,乙\n"+name) {
				t.Fatalf("%+v %v", u, err)
			}
			return ok
		}
		keep("a", "one", at)
		keep("b", "two", at)
		keep("a", "three", at)
		if there("a", "one", at) || !there("a", "three", at) || there("b", "three", at) || !there("b", "two", at) {
			t.Error("files are mixed up")
		}
		if there("a", "three", at.Add(25*time.Hour)) {
			t.Error("a file waits for ever")
		}
		keep("c", "four", at.Add(25*time.Hour))
		if there("b", "two", at) {
			t.Error("an old file was kept")
		}
		if err := s.DropUpload(t.Context(), "c"); err != nil || there("c", "four", at.Add(25*time.Hour)) {
			t.Errorf("a dropped file is there: %v", err)
		}
	})
}
