package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"liandan/internal/client"
	"liandan/internal/fault"
	"liandan/internal/replay"
	"liandan/internal/server"
)

// runReplay plays a file of real manifests through a server's intake, or through one that
// it starts itself on --data.
func runReplay(ctx context.Context, t terminal, args []string) (int, error) {
	fs := flags(t, "replay")
	base := fs.String("server", "", "服务地址；空则自带服务 address of a server; empty: one is started on --data")
	token := fs.String("token", "", "访问令牌，默认取 LIANDAN_TOKEN 或本机服务的令牌 bearer token; default: LIANDAN_TOKEN, or that of this user's server on this machine")
	seed := fs.Uint64("seed", 1, "随机种子 the same seed sends the same bytes")
	asJSON := fs.Bool("json", false, "最后输出一个 JSON 对象 end with one JSON object")
	cfg, plain, err := settings(t, fs, args)
	if err != nil {
		return 0, err
	}
	if len(plain) != 1 {
		return 0, fmt.Errorf("用法 usage: liandan replay FILE [--server URL] [--json]")
	}
	f, err := os.Open(plain[0])
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if b, err := os.ReadFile(cfg.File("operator.token")); *token == "" && *base != "" && err == nil {
		*token = strings.TrimSpace(string(b)) // --data names the folder of that server
	}
	c := dial(t, *base, *token)
	if *base == "" {
		cfg.Listen, cfg.LogLevel = "127.0.0.1:0", "warn"
		log, err := logger(t, cfg)
		if err != nil {
			return 0, err
		}
		s, err := server.Start(ctx, cfg, server.Options{Env: t.env, Log: log})
		if err != nil {
			return 0, err
		}
		c = client.New(s.URL, s.Token)
		defer func() {
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
			defer cancel()
			if serr := s.Stop(end); serr != nil {
				fmt.Fprintln(t.err, "liandan replay:", serr)
			}
		}()
	}
	sum, err := replay.Run(ctx, replay.Options{File: f, Client: c, Seed: *seed, Now: time.Now, Progress: t.err})
	if p := (*client.Problem)(nil); errors.As(err, &p) && p.Kind == string(fault.Unauthorized) {
		err = fmt.Errorf("%w (give the operator's token with --token, LIANDAN_TOKEN, or the server's folder with --data)", err)
	}
	return report(t, sum, *asJSON, err)
}

// report prints what a replay did: to a person, or as one JSON object at the end.
func report(t terminal, sum replay.Summary, asJSON bool, failed error) (int, error) {
	to := t.out
	if asJSON {
		to = t.err
	}
	err := sum.Report.Print(to)
	if asJSON {
		err = errors.Join(err, json.NewEncoder(t.out).Encode(sum))
	} else {
		fmt.Fprintf(t.out, "%d 行 lines, %d 份联单 manifests; 接受 accepted %d 行 lines, %d g; 处置 treated %d g; 按体积 by volume %d (零 zero %d); 编号不规范 malformed %d; 发送 sent %d, 新增 new %d\n",
			sum.Lines, sum.Manifests, sum.AcceptedLines, sum.AcceptedGrams, sum.TreatedGrams, sum.VolumeLines, sum.ZeroLines, sum.Malformed, sum.EventsSent, sum.EventsNew)
	}
	if failed != nil {
		return 0, errors.Join(failed, err)
	}
	if !sum.Report.Sound() {
		return exitFindings, err
	}
	return exitOK, err
}
