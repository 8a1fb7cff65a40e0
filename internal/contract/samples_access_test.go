package contract

import (
	"crypto/sha256"
	"encoding/json"
	"testing"
	"time"

	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/party"
	"liandan/internal/signature"
	"liandan/internal/statement"
)

// The examples of people, programs, keys and the access record. What the log holds of them
// is spelt by the packages that spell it for the log.

const sampleDay = "2026-03-01T00:00:00.000Z"

func sampleAccount() object {
	return object{"id", sampleID("c1"), "login", "sample.nurse", "name", "样例护士 SAMPLE nurse", "state", "active", "totp", false,
		"linked", false, "made_at", sampleDay, "appointments", []any{object{"id", sampleID("e1"), "role", "site_staff",
			"party", sampleID("a1"), "sites", []string{sampleID("51")}, "from", sampleDay}}}
}

func (s *story) peopleSamples(t *testing.T) []sample {
	account := sampleAccount()
	return []sample{
		{"Account", account},
		{"AccountPage", object{"items", []any{account}}},
		{"Appointment", object{"id", sampleID("e2"), "role", "district_inspector", "divisions", []string{"130602"}, "from", sampleDay}},
		{"Session", object{"account", account, "csrf", "jn3vqkq2s6c5wuxr4fzt7pdyo2mbgeli6ahnrk5vxwq3ydtzcuma",
			"made_at", sampleDay, "expires_at", "2026-03-31T00:00:00.000Z", "remember", true}},
		{"Invitation", object{"account", account, "code", "7K3M-9QXA-T2VD", "expires_at", "2026-03-04T00:00:00.000Z"}},
		{"ActPage", object{"items", []any{sampleAct(t)}, "next_cursor", "1204"}},
	}
}

func sampleAct(t *testing.T) object {
	t.Helper()
	hospital := must(id.ParseParty(sampleID("a1")))(t)
	st := must(statement.Act{At: must(time.Parse(time.RFC3339, sampleDay))(t), Actor: "account:" + sampleID("c2"), Role: "city_inspector",
		Operation: "getBatchChain", Subject: sampleID("b1"), Parties: []id.Party{hospital}, Request: "7f3a9c0e1b2d4f56"}.Statement())(t)
	a := must(statement.ParseAct(st.Body))(t)
	return object{"seq", 1204, "at", sampleDay, "actor", a.Actor, "role", a.Role, "operation", a.Operation, "subject", a.Subject,
		"parties", a.Parties, "request", a.Request}
}

func machineSamples() []sample {
	scopes := []string{"chains:read", "keys:manage"}
	client := object{"id", sampleID("c9"), "name", "样例医院系统 SAMPLE hospital system", "scopes", scopes, "per_minute", 600, "made_at", sampleDay,
		"secrets", []any{object{"id", sampleID("e9"), "made_at", sampleDay, "expires_at", "2027-03-01T00:00:00.000Z"}}}
	grant := object{"client", sampleID("c9"), "name", "样例医院系统 SAMPLE hospital system", "party", sampleID("a1"),
		"scopes", []string{"chains:read"}, "from", sampleDay}
	return []sample{
		{"Client", client},
		{"ClientList", object{"items", []any{client}}},
		{"NewClientSecret", object{"id", sampleID("e9"), "client", sampleID("c9"), "secret", "ls_sample", "made_at", sampleDay, "expires_at", "2027-03-01T00:00:00.000Z"}},
		{"Grant", grant},
		{"GrantList", object{"items", []any{grant}}},
	}
}

// keySamples are the list with a key in force, and the first chapter of its life.
func (s *story) keySamples(t *testing.T, key object) []sample {
	t.Helper()
	from := must(time.Parse(time.RFC3339, sampleDay))(t)
	chapter := statement.Key{Kid: s.signer.Kid(), N: 1, What: statement.Enrolled, At: from, By: "account:" + sampleID("c2"),
		Party: must(id.ParseParty(sampleID("a1")))(t), Person: must(id.ParsePerson(sampleID("d1")))(t), Device: "样例手机1 SAMPLE phone 1",
		JWK: must(signature.FormatJWK(s.signer.Public()))(t), From: from, To: from.AddDate(1, 0, 0)}
	st := must(chapter.Statement())(t)
	if k := must(statement.ParseKey(st.Body))(t); (party.Period{From: k.From, To: k.To}) != (party.Period{From: chapter.From, To: chapter.To}) {
		t.Fatalf("the chapter reads as %+v", k)
	}
	entry := ledger.Entry{Seq: 0, RecordedAt: from, Kind: statement.KindKey, Hash: id.Hash(sha256.Sum256(st.Body))}
	return []sample{
		{"KeyPage", object{"items", []any{append(append(object{}, key...), "state", "active")}}},
		{"KeyHistory", object{"kid", s.signer.Kid(), "chapters", []any{object{"seq", 0, "recorded_at", sampleDay, "hash", entry.Hash,
			"n", 1, "what", chapter.What, "at", sampleDay, "by", chapter.By, "from", sampleDay, "to", "2027-03-01T00:00:00.000Z",
			"entry", string(entry.Bytes()), "body", json.RawMessage(must(json.Marshal(string(st.Body)))(t))}}}},
	}
}
