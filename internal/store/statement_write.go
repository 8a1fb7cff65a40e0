package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/indicator"
	"liandan/internal/record"
	"liandan/internal/statement"
)

// outboxRow is a statement that waits for the next commit group.
type outboxRow struct {
	ID     int64  `gorm:"column:id;primaryKey;autoIncrement"`
	Kind   string `gorm:"column:kind"`
	Body   []byte `gorm:"column:body"`
	MadeAt int64  `gorm:"column:made_at"`
}

// TableName implements gorm's Tabler.
func (outboxRow) TableName() string { return "outbox" }

// outboxAdd puts a statement into the outbox, in the transaction of the change that it
// tells of. What the log could not take is refused here, while the change can still be
// taken back.
func outboxAdd(ctx context.Context, db *gorm.DB, st statement.Statement, at time.Time) error {
	if err := sound(st); err != nil {
		return err
	}
	row := outboxRow{Kind: st.Kind, Body: st.Body, MadeAt: stamp(at)}
	if err := gorm.G[outboxRow](db).Create(ctx, &row); err != nil {
		return unavailable(err)
	}
	return nil
}

// sound refuses a statement that is of no known kind or does not read back.
func sound(st statement.Statement) (err error) {
	switch st.Kind {
	case statement.KindKey:
		_, err = statement.ParseKey(st.Body)
	case statement.KindAct:
		_, err = statement.ParseAct(st.Body)
	case statement.KindFact:
		_, err = indicator.ParseFact(st.Body)
	case statement.KindImport:
		_, err = statement.ParseImport(st.Body)
	case statement.KindConfirmation:
		_, err = statement.ParseConfirmation(st.Body)
	case statement.KindLogKey:
		if len(st.Body) == 0 {
			err = fault.New(fault.Internal, "The succession of the log's key is empty.")
		}
	default:
		err = fault.New(fault.Internal, "The log knows no statements of the kind %q.", st.Kind)
	}
	return err
}

// AddStatement puts a statement into the outbox in a transaction of its own. Faults:
// unavailable, and damaged or internal for what is no statement.
func (s *Store) AddStatement(ctx context.Context, st statement.Statement, at time.Time) error {
	return outboxAdd(ctx, s.db, st, at)
}

var (
	tableStatements = table{name: "statements", columns: []column{{"subject", texts}, {"n", integers}, {"seq", integers}}}
	tableActs       = table{name: "acts", columns: []column{{"seq", integers}, {"at", integers}, {"actor", texts}, {"role", texts},
		{"operation", texts}, {"subject", texts}}}
	tableActParties = table{name: "act_parties", columns: []column{{"party", uuids}, {"seq", integers}}, suffix: "ON CONFLICT (party, seq) DO NOTHING"}
	tableRulings    = table{name: "rulings", columns: []column{{"hash", blobs}, {"seq", integers}, {"verdict", texts}}}
)

const sqlDrained = `DELETE FROM outbox WHERE id {numbers}`

// writeSaid writes the projections of a group's statements and empties the outbox of them.
func (r *reader) writeSaid(g record.Group) error {
	var subjects []string
	var ns, seqs []int64
	var acts []actLine
	for _, st := range g.Statements {
		if st.Subject != "" {
			subjects, ns, seqs = append(subjects, st.Subject), append(ns, st.N), append(seqs, st.Entry.Seq)
		}
		if st.Entry.Kind == statement.KindAct {
			a, err := statement.ParseAct(st.Body)
			if err != nil {
				return err
			}
			acts = append(acts, actLine{st.Entry.Seq, a})
		}
	}
	if err := r.bulk(tableStatements, len(ns), subjects, ns, seqs); err != nil {
		return err
	}
	if err := r.writeActs(acts); err != nil {
		return err
	}
	if err := r.writeSaidTopics(g); err != nil {
		return err
	}
	if len(g.Drained) == 0 {
		return nil
	}
	return r.exec(sqlDrained, r.s.say.numbers(g.Drained))
}

// actLine is an act and its entry.
type actLine struct {
	seq int64
	statement.Act
}

func (r *reader) writeActs(acts []actLine) error {
	var seqs, at, of []int64
	var actors, roles, operations, subjects []string
	var parties []*string
	for _, a := range acts {
		seqs, at = append(seqs, a.seq), append(at, stamp(a.At))
		actors, roles = append(actors, a.Actor), append(roles, a.Role)
		operations, subjects = append(operations, a.Operation), append(subjects, a.Subject)
		for _, p := range a.Parties {
			if !p.IsZero() {
				parties, of = append(parties, text(p)), append(of, a.seq)
			}
		}
	}
	if err := r.bulk(tableActs, len(seqs), seqs, at, actors, roles, operations, subjects); err != nil {
		return err
	}
	return r.bulk(tableActParties, len(of), parties, of)
}

// writeRulings writes the projection of a group's rulings.
func (r *reader) writeRulings(g record.Group) error {
	var hashes [][]byte
	var seqs []int64
	var verdicts []string
	for i := range g.Records {
		if d, ok := g.Records[i].Event.Data.(event.Ruling); ok {
			hashes, seqs = append(hashes, d.Hash[:]), append(seqs, g.Records[i].Placed.Entry.Seq)
			verdicts = append(verdicts, string(d.Verdict))
		}
	}
	return r.bulk(tableRulings, len(seqs), hashes, seqs, verdicts)
}
