package cli

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/output"
	"litellm-proxy/internal/plural"
	"litellm-proxy/proxyclient"
)

// shortest is the least time between two readings of --follow.
const shortest = time.Second

// bindFollow adds the flags of a log.
func (c *call) bindFollow(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVarP(&c.follows, "follow", "f", false, "Show new entries until Ctrl-C, in the order they end; with a period, its entries first")
	flags.DurationVar(&c.interval, "interval", 5*time.Second, "Polling interval of --follow, such as 10s")
}

// checkFollow says what is wrong with --follow together with other flags.
func (c *call) checkFollow(cmd *cobra.Command) error {
	if !c.follows {
		if cmd.Flags().Changed("interval") {
			return usageError("--interval needs --follow")
		}
		return nil
	}
	format := cmp.Or(c.format, string(output.Table))
	switch {
	case c.interval < shortest:
		return usageError("--interval must be at least 1s")
	case c.all:
		return usageError("give either --follow or --all")
	case !slices.Contains([]string{string(output.Table), string(output.JSONL), string(output.CSV)}, format):
		return usageError("--follow has the formats table, jsonl and csv, not " + format)
	case c.out.Filter != nil && format != string(output.JSONL):
		return usageError("--jq with --follow needs --format jsonl")
	}
	of := c.op.Collection()
	for _, name := range []string{"end_date", of.Sort, of.Order, of.Page, of.Size} {
		if c.values.args[name] != nil {
			return usageError("--follow cannot be combined with --" + strings.ReplaceAll(c.op.PublicName(name), "_", "-"))
		}
	}
	c.out.Live = true
	return nil
}

// follow shows what a log gets until it is interrupted. A gateway that does not answer for a
// while is asked again.
func (c *call) follow(ctx context.Context, prepared *operation.Call) error {
	w, done := c.paged()
	defer done()
	stream := output.NewStream(ctx, w, c.op, c.out)
	c.following.Store(true)
	begun, away := false, false
	for result, err := range prepared.Follow(ctx, func(ctx context.Context) error { return pause(ctx, c.interval) }) {
		switch {
		case err != nil && (!begun || ctx.Err() != nil || !passing(err)):
			return err
		case err != nil && !away:
			away = true
			c.note("%s; trying again every %s", strings.TrimSuffix(c.words(operation.AsError(err).Error()), "."), c.interval)
		}
		if err != nil {
			continue
		}
		if !begun {
			c.note("Following %s; Ctrl-C ends.", plural.Of(cmp.Or(c.op.Collection().What, "item")))
		} else if away {
			c.note("The gateway answers again.")
		}
		begun, away = true, false
		c.notes(result.Notes)
		if len(result.Page.Items) == 0 {
			continue
		}
		stream.Show(result)
		if err := stream.Add(result.Page.Items); err != nil {
			return unwritten(err)
		}
		c.noteHidden()
		c.shown.Add(int64(len(result.Page.Items)))
	}
	return &proxyclient.Error{Code: proxyclient.CodeCanceled, Message: "interrupted", Err: context.Canceled}
}

// passing reports whether an error may be over at the next try.
func passing(err error) bool {
	e, ok := errors.AsType[*proxyclient.Error](err)
	return ok && slices.Contains([]proxyclient.Code{proxyclient.CodeUnreachable, proxyclient.CodeUnavailable, proxyclient.CodeInternal,
		proxyclient.CodeRateLimited, proxyclient.CodeBadAnswer}, e.Code)
}

// pause waits, or returns the error of the context.
func pause(ctx context.Context, length time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(length):
		return nil
	}
}
