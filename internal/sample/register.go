package sample

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"liandan/internal/client"
	"liandan/internal/fault"
)

// Kinds of register, in the order in which they must be imported.
func Kinds() []string {
	return []string{"organisations", "sites", "licences", "people", "vehicles", "plans", "site_history", "memberships", "base_figures", "inspection_sheets"}
}

// registered is the first day of every organisation, site and person.
const registered = "2020-01-01"

// Registers gives the city as CSV files, one for each of Kinds. They do not change
// between days, so that importing them again changes nothing.
func (c *City) Registers() map[string][]byte {
	orgs := [][]string{{"credit_code", "name", "roles", "sample", "valid_from", "id"}}
	sites := [][]string{{"credit_code", "name", "kind", "division", "built_up", "beds", "valid_from", "id"}}
	licences := [][]string{{"credit_code", "number", "kind", "site_name", "codes", "methods", "valid_from", "valid_to"}}
	people := [][]string{{"credit_code", "person", "valid_from", "id"}}
	for _, u := range c.units {
		code := string(u.credit)
		roles := make([]string, len(u.roles))
		for i, r := range u.roles {
			roles[i] = string(r)
		}
		orgs = append(orgs, []string{code, u.name, strings.Join(roles, ";"), "1", registered, u.party.String()})
		beds := ""
		if u.beds > 0 {
			beds = strconv.Itoa(u.beds)
		}
		sites = append(sites, []string{code, u.siteName, u.siteKind, u.division, digit(u.builtUp), beds, registered, u.site.String()})
		for _, l := range u.licences {
			licences = append(licences, []string{code, l.number, l.kind, u.siteName, l.codes, l.methods, l.from, l.to})
		}
		for _, h := range u.people {
			people = append(people, []string{code, "SAMPLE-" + h.name, registered, h.Person.String()})
		}
	}
	return map[string][]byte{"organisations": table(orgs), "sites": table(sites), "licences": table(licences), "people": table(people),
		"vehicles": table(c.vehicles()), "plans": table(c.plans()), "site_history": table(c.history()), "memberships": table(c.members()), "base_figures": table(c.bases()),
		"inspection_sheets": table(operatorSheetRows())}
}

func table(rows [][]string) []byte {
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		panic("sample: " + err.Error()) // a bytes.Buffer takes everything
	}
	return b.Bytes()
}

// KeyDays is for how long devices are enrolled.
const KeyDays = 1096

// enrollers is how many devices are enrolled at a time.
const enrollers = 4

// Enrol enrols every device through the server's own enrolment: code, challenge,
// signature. The client's token must be the operator's, and the registers must be
// imported. A device that the server has already is left as it is, so that enrolling
// again is harmless.
//
// The server dates a key from its own clock: it cannot sign events that are older than
// its enrolment. A server that is to take in past days must be given a clock that stands
// before the first of them while this runs (EnrolAt).
func (c *City) Enrol(ctx context.Context, to *client.Client) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan *hand)
	var wg sync.WaitGroup
	for range min(enrollers, len(c.hands)) {
		wg.Go(func() {
			for h := range queue {
				if err := h.enrol(ctx, to); err != nil {
					cancel(fmt.Errorf("enrol %s of %s: %w", h.name, h.unit.name, err))
				}
			}
		})
	}
	for _, h := range c.hands {
		if ctx.Err() != nil {
			break
		}
		queue <- h
	}
	close(queue)
	wg.Wait()
	return context.Cause(ctx)
}

func (h *hand) enrol(ctx context.Context, to *client.Client) error {
	err := to.Enrol(ctx, h.Party.String(), h.Person.String(), "SAMPLE "+h.name, KeyDays, h)
	var p *client.Problem
	if errors.As(err, &p) && p.Kind == string(fault.Conflict) {
		return nil
	}
	return err
}
