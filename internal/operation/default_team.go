package operation

import (
	"context"
	"fmt"
	"maps"

	"litellm-proxy/proxyclient"
)

// teamField is the field that the caller's default team fills.
const teamField = "team_id"

// defaultTeam puts the caller's default team in place of one that is not given. An empty
// {team_id} means no team.
func (c *Call) defaultTeam(ctx context.Context) error {
	if !c.op.DefaultTeam {
		return nil
	}
	if name, given := c.args[teamField]; given {
		if string(name) == `""` {
			c.args = maps.Clone(c.args)
			delete(c.args, teamField)
		}
		return nil
	}
	if c.env.Team == "" {
		return nil
	}
	f, _ := c.op.Field(teamField)
	thing, err := f.Collection.Resolve(ctx, c, c.env.Team, teamField)
	if err != nil {
		return proxyclient.Wrap("default team of profile "+c.env.Profile, err)
	}
	c.named[teamField] = thing
	c.args = c.args.With(teamField, thing.ID)
	c.Note(fmt.Sprintf(`Using team %s, the default of profile %s; for no team, set {team_id} to "".`, thing.Label(), c.env.Profile))
	return nil
}
