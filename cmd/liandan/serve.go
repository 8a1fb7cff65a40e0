package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"time"

	"liandan/internal/config"
	"liandan/internal/server"
	"liandan/internal/telemetry"
)

// settings declares and checks the server's settings on a command.
func settings(t terminal, fs *flag.FlagSet, args []string) (*config.Config, []string, error) {
	var cfg config.Config
	cfg.Flags(fs, t.env)
	plain, err := parse(fs, args)
	if err != nil {
		return nil, nil, err
	}
	return &cfg, plain, cfg.Check()
}

func none(plain []string) error {
	if len(plain) > 0 {
		return fmt.Errorf("多余的参数 unexpected argument %q", plain[0])
	}
	return nil
}

func logger(t terminal, cfg *config.Config) (*slog.Logger, error) {
	return telemetry.NewLogger(t.err, cfg.LogFormat, cfg.LogLevel)
}

func runServe(ctx context.Context, t terminal, args []string) (int, error) {
	cfg, plain, err := settings(t, flags(t, "serve"), args)
	if err != nil {
		return 0, err
	}
	if err := none(plain); err != nil {
		return 0, err
	}
	log, err := logger(t, cfg)
	if err != nil {
		return 0, err
	}
	s, err := server.Start(ctx, cfg, server.Options{Env: t.env, Log: log})
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(t.out, "联单服务已启动 serving at %s\n", s.URL)
	fmt.Fprintf(t.out, "系统管理员令牌见文件 the system administrator's token is in %s\n", cfg.File("operator.token"))
	code, expires, err := s.AdministratorCode(ctx, "")
	if err != nil {
		return 0, errors.Join(err, keepServing(canceled(ctx), s))
	}
	if code != "" {
		fmt.Fprintf(t.out, "首位系统管理员请打开 the first administrator opens %s/welcome#%s （有效至 until %s）\n",
			cfg.PublicURL, code, expires.Local().Format(time.DateTime))
	}
	return exitOK, keepServing(ctx, s)
}

func canceled(ctx context.Context) context.Context {
	done, cancel := context.WithCancel(ctx)
	cancel()
	return done
}

// grace is how long requests under way may take after a stop was asked for.
const grace = 20 * time.Second

// keepServing waits for the end, by signal or by failure.
func keepServing(ctx context.Context, s *server.Server) error {
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-s.Failed():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := s.Stop(end); err != nil && failed == nil {
		failed = err
	}
	return failed
}
