package contract

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"liandan/internal/access"
)

// TestSecurityIsThePolicys holds what the contract says of each operation's callers to the
// one table: who is nobody, who is signed in, and which scope a program needs.
func TestSecurityIsThePolicys(t *testing.T) {
	served := map[string]bool{"validateUnsigned": true} // the bare payload of validateEvent
	for _, c := range calls(load(t)) {
		op := c.op.OperationID
		served[op] = true
		rule, ok := rules.Rule(op)
		if !ok {
			t.Errorf("%s has no rule in the policy: nobody may do it", op)
			continue
		}
		var want []string
		switch {
		case op == "validateEvent":
			bare, _ := rules.Rule("validateUnsigned")
			want = []string{"", "bearer", "session", "client " + string(bare.Scope)}
		case rule.Public:
		case rule.SignedIn:
			want = []string{"session"}
		case rule.Who[access.APIClient] != access.None:
			want = []string{"bearer", "session", "client " + string(rule.Scope)}
		default:
			want = []string{"bearer", "session"}
		}
		var got []string
		if c.op.Security != nil {
			for _, s := range *c.op.Security {
				var words []string
				for name, scopes := range s {
					words = append(words, strings.TrimSpace(name+" "+strings.Join(scopes, " ")))
				}
				got = append(got, strings.Join(words, " and "))
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: the contract lets in %q, the policy %q", op, got, want)
		}
	}
	for _, r := range access.Table() {
		if !served[r.Operation] && !strings.HasPrefix(r.Operation, "page:") {
			t.Errorf("%s is in the policy and not in the contract", r.Operation)
		}
	}
}

// TestWordsOfAccessAreTheDomains compares the contract's lists of roles and scopes.
func TestWordsOfAccessAreTheDomains(t *testing.T) {
	doc := load(t)
	people := slices.DeleteFunc(access.Roles(), func(r access.Role) bool { return r == access.APIClient })
	for name, want := range map[string][]any{"AccessRole": words(access.Roles()), "PersonRole": words(people), "Scope": words(access.Scopes())} {
		if got := schema(t, doc, name).Enum; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: the contract lists\n%v\nthe domain\n%v", name, got, want)
		}
	}
	flow := doc.Components.SecuritySchemes["client"].Value.Flows.ClientCredentials
	for _, s := range access.Scopes() {
		if _, ok := flow.Scopes[string(s)]; !ok || len(flow.Scopes) != len(access.Scopes()) {
			t.Errorf("the OAuth scopes are %v", flow.Scopes)
		}
	}
}
