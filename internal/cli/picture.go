package cli

import (
	"github.com/spf13/cobra"

	"litellm-proxy/internal/chart"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// picture is the file for the chart of an answer.
type picture struct {
	name      string // "": none
	overwrite bool
}

// bindPicture adds the flags of an operation whose result has a chart.
func (c *call) bindPicture(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.picture.name, "out", "", "File to write the chart to, as a PNG image")
	overwriteFlag(cmd, &c.picture.overwrite)
}

// check refuses a file that draw could not write, before anything is sent.
func (p picture) check() error {
	switch {
	case p.name != "":
		return writable(p.name, p.overwrite)
	case p.overwrite:
		return usageError("--overwrite needs --out")
	}
	return nil
}

// draw writes the chart into the file that was named.
func (c *call) draw(drawn *operation.Chart) error {
	if c.picture.name == "" || drawn == nil {
		return nil
	}
	image, err := chart.PNG(drawn)
	if err != nil {
		return err
	}
	file, err := newFile(c.picture.name, c.picture.overwrite)
	if err != nil {
		return err
	}
	if _, err := file.Write(image); err != nil {
		file.discard()
		return &proxyclient.Error{Code: proxyclient.CodeUnwritten, Message: "writing " + c.picture.name + ": " + reason(err)}
	}
	if err := file.commit(); err != nil {
		return &proxyclient.Error{Code: proxyclient.CodeUnwritten, Message: "writing " + c.picture.name + ": " + reason(err)}
	}
	c.note("wrote %s", c.picture.name)
	return nil
}
