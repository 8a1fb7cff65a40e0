package store

import (
	"database/sql"

	"liandan/internal/ledger"
	"liandan/internal/record"
	"liandan/internal/source"
	"liandan/internal/statement"
)

var tableTopics = table{name: "topics", columns: []column{{"kind", texts}, {"subject", texts}, {"seq", integers}}}

const (
	sqlTopicRows = `SELECT kind, subject, seq FROM topics ORDER BY kind, subject, seq`
	sqlTopicLast = `SELECT ` + keptColumns + ` FROM entries WHERE seq IN (SELECT seq FROM topics WHERE kind = ? AND subject = ? ORDER BY seq DESC LIMIT ?) ORDER BY seq`
	sqlTopicOf   = `SELECT ` + keptColumns + ` FROM entries WHERE seq IN (SELECT seq FROM topics WHERE kind = ? AND subject = ?) ORDER BY seq`
)

// writeTopics writes what the events of a group have to do with.
func (r *reader) writeTopics(g record.Group) error {
	var out []source.Topic
	for i := range g.Records {
		p := &g.Records[i].Placed
		out = append(out, source.Topics(g.Records[i].Event, p.Batches, p.Entry.Seq)...)
	}
	return r.noteTopics(out)
}

// writeSaidTopics writes what the statements of a group have to do with.
func (r *reader) writeSaidTopics(g record.Group) error {
	var out []source.Topic
	for _, st := range g.Statements {
		if st.Entry.Kind == statement.KindConfirmation {
			out = append(out, source.Topic{Kind: source.OfConfirmation, Subject: st.Entry.Hash.String(), Seq: st.Entry.Seq})
		}
	}
	return r.noteTopics(out)
}

func (r *reader) noteTopics(list []source.Topic) error {
	var kinds, subjects []string
	var seqs []int64
	for _, t := range list {
		kinds, subjects, seqs = append(kinds, string(t.Kind)), append(subjects, t.Subject), append(seqs, t.Seq)
	}
	return r.bulk(tableTopics, len(seqs), kinds, subjects, seqs)
}

// TopicOf implements record.Reader and audit.Reader.
func (r *reader) TopicOf(k source.Kind, subject string) ([]ledger.Kept, error) {
	return r.kept(sqlTopicOf, string(k), subject)
}

// TopicLast implements audit.Reader.
func (r *reader) TopicLast(k source.Kind, subject string, limit int) ([]ledger.Kept, error) {
	return r.kept(sqlTopicLast, string(k), subject, limit)
}

// TopicRows implements audit.Rows.
func (r *reader) TopicRows(each func(source.Topic) error) error {
	return r.query(sqlTopicRows, func(rows *sql.Rows) error {
		var t source.Topic
		if err := rows.Scan(word(&t.Kind), word(&t.Subject), whole(&t.Seq)); err != nil {
			return err
		}
		return each(t)
	})
}
