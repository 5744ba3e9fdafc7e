package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/keystore"
	"litellm-proxy/proxyclient"
)

func bindConfigUnset(a *app, cmd *cobra.Command) {
	cmd.Use = "unset [<setting>]"
	cmd.Long = "Remove a setting of a profile, or with --all the profile. Its key is also removed from the key store." + settingsHelp()
	cmd.Example = "  litellm-proxy config unset team\n  litellm-proxy config unset --all --profile staging"
	cmd.Args = exactly("config unset", "", 0, 1)
	cmd.ValidArgsFunction = a.completeSettings(false)
	all := false
	cmd.Flags().BoolVar(&all, "all", false, "Remove the whole profile")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if all == (len(args) == 1) {
			return usageError("config unset needs a setting, or --all")
		}
		p, err := a.existing()
		if err != nil {
			return err
		}
		if all {
			return a.removeProfile(p)
		}
		if _, err := config.FindSetting(args[0]); err != nil {
			return usageError(err.Error())
		}
		found := false
		if err := a.update(func(e *config.Editor) error { found, err = e.Unset(p.Name, args[0]); return err }); err != nil {
			return err
		}
		if !found {
			return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: fmt.Sprintf("%s is not set in profile %s", args[0], p.Name)}
		}
		a.note("Removed %s of profile %s.", args[0], p.Name)
		if args[0] == config.APIKey {
			return a.forgetKey(p)
		}
		return nil
	}
}

func (a *app) removeProfile(p *config.Profile) error {
	current := false
	err := a.update(func(e *config.Editor) error {
		current = e.Current == p.Name
		return e.Remove(p.Name)
	})
	if err != nil {
		return err
	}
	a.note("Removed profile %s.", p.Name)
	if current {
		a.note("No profile is current now; choose one with %s config use NAME.", program)
	}
	return a.forgetKey(p)
}

// forgetKey removes a profile's key from the key store.
func (a *app) forgetKey(p *config.Profile) error {
	if p.Get(config.APIKey) != config.InKeyStore {
		return nil
	}
	return a.dropKey(p.Name, p.Get(config.BaseURL))
}

// dropKey removes the key of a profile that had one in the key store. A key for another
// gateway is that of a profile in another configuration file.
func (a *app) dropKey(profile, baseURL string) error {
	store, err := keystore.Open(a.Getenv)
	stored := ""
	if err == nil {
		stored, err = store.Get(config.KeyName(profile))
	}
	if bound, _, _ := config.OfStoredKey(stored); err == nil && !config.SameURL(bound, baseURL) {
		return nil
	}
	if err == nil {
		err = store.Delete(config.KeyName(profile))
	}
	if errors.Is(err, keystore.ErrNotFound) {
		return nil
	}
	if err != nil {
		return &proxyclient.Error{Code: proxyclient.CodeLocal, Message: fmt.Sprintf("the key of profile %s is still in the key store: %v", profile, err), Err: err}
	}
	a.note("Removed its key from %s.", store.Place())
	return nil
}
