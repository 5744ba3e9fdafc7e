package operation

import (
	"context"
	"fmt"
	"maps"

	"litellm-proxy/proxyclient"
)

// defaultTeam puts the caller's default team in place of one that is not given. An empty
// {team} means no team.
func (c *Call) defaultTeam(ctx context.Context) error {
	if !c.op.DefaultTeam || c.args["team_id"] != nil {
		return nil
	}
	if name, given := c.args["team"]; given {
		if string(name) == `""` {
			c.args = maps.Clone(c.args)
			delete(c.args, "team")
		}
		return nil
	}
	if c.env.Team == "" {
		return nil
	}
	f, _ := c.op.Field("team")
	thing, err := f.Collection.Find(ctx, c, c.env.Team, "team_id")
	if IsNotFound(err) {
		if byID, errID := f.Collection.FindID(ctx, c, c.env.Team); errID == nil || !IsNotFound(errID) {
			thing, err = byID, errID
		}
	}
	if err != nil {
		return proxyclient.Wrap("default team of profile "+c.env.Profile, err)
	}
	c.named["team_id"] = thing
	c.args = c.args.With("team_id", thing.ID)
	c.Note(fmt.Sprintf(`Using team %s, the default of profile %s; for no team, set {team} to "".`, thing.Label(), c.env.Profile))
	return nil
}
