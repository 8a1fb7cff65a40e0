package division

import (
	"strings"
	"testing"
)

func TestTheTableSaysWhereItIsFrom(t *testing.T) {
	if !strings.HasPrefix(tsv, "# source: ") || !strings.Contains(tsv, "\n# certainty: ") {
		t.Error("the table does not name source and certainty")
	}
	if len(All()) != len(Codes()) || !RunByCity("130602") || RunByCity("130629") || RunByCity("999999") || Digest().IsZero() {
		t.Error("the table does not say what the city runs")
	}
	if Name("130602") != "竞秀区 Jingxiu" || Name("999999") != "999999" {
		t.Errorf("%s, %s", Name("130602"), Name("999999"))
	}
}

func TestDamageIsRefused(t *testing.T) {
	row := strings.Join([]string{"130602", "a", "b", "district", "1", "1", "c", "C", "C"}, "\t") + "\n"
	for _, text := range []string{row + row, "130602\ta\n", row + "130601\n"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was taken", text)
				}
			}()
			parse(text)
		}()
	}
}
