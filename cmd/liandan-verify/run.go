package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-json-experiment/json"

	"liandan/internal/attest"
	"liandan/internal/bundle"
	"liandan/internal/fault"
	"liandan/internal/merkle"
	"liandan/internal/rule"
)

const usage = `用法 usage: liandan-verify [--log-key VKEY|@FILE [--succession FILE]] [--json] [--lang zh|en|both] FILE...
             liandan-verify --log-key VKEY|@FILE --log EXPORT [--statement FILE] [--json]

逐项核对证据文件，不需要服务器和网络；文件是哪一种，由程序辨认。FILE 为 - 时读标准输入。
Checks evidence files, line by line, with no server; it finds out of which kind a file is. - is standard input.
批次与联单的证据文件 evidence files of batches and manifests;
随机抽取文件（/v1/draws/…）：核对公布者的密钥与身份并重新抽取，须给出 --log-key
             files of draws (/v1/draws/…): who announced them is checked and they are drawn
             again; needs --log-key. What a file has no evidence of is not proven (exit 2)
指标陈述 statements of figures: the signatures alone; with --log and --statement the figures too
同一套检查也在浏览器中运行（服务器的 /verify 页） the same checks run in a browser (/verify of a server)

  --log-key  您信任的日志公钥，或 @ 加其所在文件 the log's key that you trust, or @ and a file that holds it
  --succession
             日志密钥更替记录（日志的 /log/succession）：以新公钥核对旧文件时需要
             the log's successions of its key (/log/succession of the log): needed to
             check a file of an older key with a newer one
  --sample   FILE 一律当作随机抽取文件 take the files for files of draws, whatever they look like
  --log      日志导出文件（liandan export-log）：核对整个日志：内容、树、签名、批次链
             the export of a log (liandan export-log): check all of it: contents, tree, signatures, chains
  --statement
             指标陈述（liandan statement 或 /v1/statements/…）：由 --log 重新计算并逐项比较
             a statement of figures (liandan statement, or /v1/statements/…): computed anew from
             --log and compared, figure by figure
  --json     每个文件输出一行 JSON one line of JSON for each file
  --lang     zh, en 或 or both (默认 default)

退出码 exit status: 0 无误 sound, 1 有发现 findings, 2 未能核对 could not check
`

// couldNotCheck is the exit status for what cannot be read; a report has its own, see
// bundle.Verdict.
const couldNotCheck = 2

// settings is the command line, read.
type settings struct {
	trusted    string
	succession [][]byte // notes that lead to or from the trusted key
	json       bool
	sample     bool   // the files are of draws
	log        string // the export of a log, to check instead of files
	statement  string // of figures, to compute anew from it
	lang       language
	files      []string
}

// run is the program: it answers the exit status, the worst of all files.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "liandan-verify:", plain(err.Error()))
		return couldNotCheck
	}
	if s.log != "" {
		return wholeLog(s, stdout, stderr)
	}
	rules, err := rule.DefaultBook()
	if err != nil {
		fmt.Fprintln(stderr, "liandan-verify:", err)
		return couldNotCheck
	}
	q := asked{trusted: s.trusted, succession: s.succession, rules: rules, each: each}
	out := bufio.NewWriter(stdout)
	worst := 0
	for _, name := range s.files {
		worst = max(worst, verify(s, q, name, stdin, out))
	}
	if err := out.Flush(); err != nil {
		fmt.Fprintln(stderr, "liandan-verify:", err)
		return couldNotCheck
	}
	return worst
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	var key, line, lang string
	fs := flag.NewFlagSet("liandan-verify", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() { fmt.Fprint(stderr, usage) }
	fs.StringVar(&key, "log-key", "", "")
	fs.StringVar(&line, "succession", "", "")
	fs.BoolVar(&s.json, "json", false, "")
	fs.BoolVar(&s.sample, "sample", false, "")
	fs.StringVar(&s.log, "log", "", "")
	fs.StringVar(&s.statement, "statement", "", "")
	fs.StringVar(&lang, "lang", "both", "")
	if err := fs.Parse(args); err != nil {
		return s, err
	}
	s.files = fs.Args()
	switch {
	case s.statement != "" && s.log == "":
		return s, errors.New("--statement: 须以 --log 给出日志导出文件; give the export of the log with --log")
	case s.log != "" && (key == "" || s.sample || len(s.files) > 0):
		return s, errors.New("--log: 须给出 --log-key，且不另给文件，不与 --sample 同用; needs --log-key, and goes without other files and --sample")
	}
	if len(s.files) == 0 && s.log == "" {
		fs.Usage()
		return s, errors.New("没有给出文件 no file is given")
	}
	s.lang = language(lang)
	if s.lang != both && s.lang != chinese && s.lang != english {
		return s, errors.New("--lang: zh, en 或 or both")
	}
	var err error
	if s.sample && key == "" {
		return s, errors.New("--sample: 须给出 --log-key; needs --log-key")
	}
	if s.trusted, err = logKey(key); err == nil {
		s.succession, err = successions(line, s.trusted)
	}
	return s, err
}

// successions reads the file of the reader's own notes.
func successions(name, trusted string) ([][]byte, error) {
	if name == "" {
		return nil, nil
	}
	if trusted == "" {
		return nil, errors.New("--succession: 须同时给出 --log-key; it leads from or to a key that you trust, so give --log-key too")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("--succession: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, merkle.MaxSuccessions*(merkle.MaxSuccession+1)+1))
	if err != nil {
		return nil, fmt.Errorf("--succession: %w", err)
	}
	notes, err := splitSuccessions(b, trusted)
	if err != nil {
		return nil, fmt.Errorf("--succession: 更替记录不成立 %s", fault.As(err).Sentence)
	}
	return notes, nil
}

// logKey reads the pinned key. A key that cannot be used is an error, never no key: the
// user asked for a check that would then not be made.
func logKey(key string) (string, error) {
	if key == "" {
		return "", nil
	}
	if name, ok := strings.CutPrefix(key, "@"); ok {
		b, err := os.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("--log-key: %w", err)
		}
		key = strings.TrimSpace(string(b))
	}
	if err := bundle.CheckVKey(key); err != nil {
		return "", fmt.Errorf("--log-key: 不是日志公钥 %s", fault.As(err).Sentence)
	}
	return key, nil
}

// verify checks one file and answers its exit status.
func verify(s settings, q asked, name string, stdin io.Reader, out io.Writer) int {
	p := printer{out, s.lang}
	file, err := read(name, stdin)
	is := kindOf(file)
	if s.sample {
		is = ofDraw
	}
	var a answer
	if err == nil {
		a = checkFile(file, is, q)
	} else {
		a = refused(err)
	}
	a.File = name
	switch {
	case s.json:
		writeJSON(out, a)
	case a.Error != nil:
		p.unreadable(name, a.Error)
	case a.Draw != nil:
		p.line("%s", plain(name))
		p.draw(a.Draw)
	case a.Figures != nil:
		p.attested("", name, *a.Figures)
	default:
		p.report(name, *a.Report)
	}
	return a.Exit
}

// read takes no more of a file than one of its kind may have.
func read(name string, stdin io.Reader) ([]byte, error) {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	buffered := bufio.NewReaderSize(in, sniffed)
	head, err := buffered.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(buffered, int64(most(kindOf(head)))+1))
}

// each runs do on all cores.
func each(n int, do func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers < 2 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(int(i))
			}
		})
	}
	wg.Wait()
}

// answer is the line of JSON about one file.
type answer struct {
	File   string         `json:"file"`
	Exit   int            `json:"exit"`
	Error  *refusal       `json:"error,omitempty"`
	Report *bundle.Report `json:"report,omitempty"`

	Draw    *drawAnswer    `json:"draw,omitempty"`
	Figures *attest.Report `json:"figures,omitempty"` // a statement without the log
}

// refusal is why a file could not be checked. Kind is "" where the file could not be read at all.
type refusal struct {
	Kind     fault.Kind    `json:"kind,omitempty"`
	Sentence string        `json:"sentence"`
	Fields   []fault.Field `json:"fields,omitempty"`
}

func problem(err error) *refusal {
	if f := fault.As(err); f != nil {
		return &refusal{f.Kind, f.Sentence, f.Fields}
	}
	return &refusal{Sentence: err.Error()}
}

func writeJSON(out io.Writer, a answer) {
	b, err := json.Marshal(a, json.Deterministic(true))
	if err != nil { // a file name that is not UTF-8
		a.File = plain(a.File)
		b, _ = json.Marshal(a, json.Deterministic(true))
	}
	fmt.Fprintf(out, "%s\n", b)
}
