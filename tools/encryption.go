package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var encryption = operation.Catalog{encryptionCheck, encryptionMigrate}

const (
	migratePath = "/credentials/migrate-encryption"
	checkPath   = "/credentials/migrate-encryption/check"
	needsAES    = "the gateway must run with general_settings.encryption_algorithm: aes-256-gcm, which needs a restart; its log has the reason"
)

var encryptionColumns = []operation.Column{
	{Name: "residual_legacy", Field: "report.residual_legacy"},
	{Name: "undecryptable", Field: "report.total_undecryptable"},
}

var encryptionCheck = &operation.Operation{
	Path:     "encryption check",
	Summary:  "Count stored secrets still in the old encryption format",
	Help:     "Changes nothing. 0 in residual_legacy means that every stored secret uses AES-256-GCM or is not encrypted.",
	Examples: []string{"encryption check", "encryption check | jq .report.residual_legacy"},
	Effect:   operation.Read,
	Sends:    []string{"GET /credentials/migrate-encryption/check"},
	Do: operation.Func[struct{}](func(ctx context.Context, call *operation.Call, _ struct{}) (operation.Result, error) {
		return checkEncryption(ctx, call)
	}),
	Columns: encryptionColumns,
}

type encryptionMigrateInput struct {
	Check bool `json:"check" help:"Only count the secrets in the old format{, like op:encryption check}"`
}

var encryptionMigrate = &operation.Operation{
	Path:    "encryption migrate",
	Summary: "Re-encrypt the stored secrets with AES-256-GCM",
	Help: "Rewrites credentials, model parameters and other stored secrets. The gateway must run with general_settings.encryption_algorithm: aes-256-gcm. " +
		"A second run continues an interrupted one. A dry run includes the gateway's own report and changes nothing.",
	Examples: []string{"encryption migrate --check", "encryption migrate --dry-run", "encryption migrate --yes"},
	Effect:   operation.Destructive,
	Sends:    []string{"POST /credentials/migrate-encryption"},
	Consent: operation.Consent{Sweeping: true, Ask: askMigrate, Effect: func(args operation.Args) operation.Effect {
		if string(args["check"]) == "true" {
			return operation.Read
		}
		return operation.Destructive
	}},
	Do:      operation.Func[encryptionMigrateInput](migrateEncryption),
	Columns: encryptionColumns,
}

func checkEncryption(ctx context.Context, call *operation.Call) (operation.Result, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: checkPath})
	if err != nil {
		return operation.Result{}, err
	}
	left, known := legacy(body)
	switch {
	case !known:
		return operation.Result{}, noReport(checkPath)
	case left == 0:
		call.Note("No stored secret uses the old format.")
	default:
		verb, them := "use", "them"
		if left == 1 {
			verb, them = "uses", "it"
		}
		call.Note(fmt.Sprintf("%s still %s the old format; {op:encryption migrate} re-encrypts %s.", operation.Counted(left, "stored secret"), verb, them))
	}
	if lost, err := strconv.Atoi(string(operation.Lookup(body, "report.total_undecryptable"))); err == nil && lost > 0 {
		call.Note(operation.Counted(lost, "stored secret") + " cannot be decrypted; report.locations shows where.")
	}
	return operation.Result{Body: body}, nil
}

func migrateEncryption(ctx context.Context, call *operation.Call, in encryptionMigrateInput) (operation.Result, error) {
	if in.Check {
		return checkEncryption(ctx, call)
	}
	if call.Planning() {
		forecast, err := call.Read(ctx, proxyclient.Request{Method: http.MethodPost, Path: migratePath, Query: url.Values{"dry_run": {"true"}}, Timeout: chatTimeout})
		if err != nil {
			return operation.Result{}, gateClosed(err)
		}
		call.Forecast(operation.Lookup(forecast, "report"))
	}
	body, err := call.Client().JSON(ctx, proxyclient.Request{Method: http.MethodPost, Path: migratePath, Timeout: chatTimeout})
	if err != nil || call.Planning() {
		return operation.Result{}, gateClosed(err)
	}
	left, known := legacy(body)
	if !known {
		return operation.Result{Body: body}, operation.Lacks("report.residual_legacy")
	}
	places := map[string]struct {
		Migrated, Undecryptable int
	}{}
	_ = json.Unmarshal(operation.Lookup(body, "report.locations"), &places)
	migrated := 0
	result := operation.Result{Body: body}
	for name, place := range places {
		migrated += place.Migrated
		if place.Undecryptable > 0 {
			result.Failed = append(result.Failed, operation.Failure{What: name, Why: operation.Counted(place.Undecryptable, "value") + " could not be decrypted; left unchanged"})
		}
	}
	slices.SortFunc(result.Failed, func(a, b operation.Failure) int { return strings.Compare(a.What, b.What) })
	if left > 0 {
		result.Failed = append(result.Failed, operation.Failure{What: operation.Counted(left, "stored secret"), Why: "still in the old format; run {op:encryption migrate} again, and see the gateway's log"})
	}
	result.Done = "re-encrypted " + operation.Counted(migrated, "stored secret")
	return result, nil
}

func askMigrate(ctx context.Context, call *operation.Call) (string, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: checkPath})
	if err != nil {
		return "", err
	}
	what := "the stored secrets"
	if left, known := legacy(body); known {
		what = operation.Counted(left, "stored secret")
	}
	return "Re-encrypt " + what + " with AES-256-GCM? Older releases of LiteLLM cannot read them afterwards.", nil
}

// legacy is the number of values in the old format that a report has.
func legacy(body json.RawMessage) (int, bool) {
	n, err := strconv.Atoi(string(operation.Lookup(body, "report.residual_legacy")))
	return n, err == nil
}

func noReport(path string) error {
	return &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's answer has no report (" + path + ")"}
}

// gateClosed explains the bare 500 of a gateway that is not set up for AES-256-GCM.
func gateClosed(err error) error {
	if e := operation.AsError(err); e != nil && e.Status == http.StatusInternalServerError && e.Hint == "" {
		e.Hint = needsAES
	}
	return err
}
