# The image of a release: the program, the certificate authorities, and nothing else.
# goreleaser builds it with the programs of both platforms in $TARGETPLATFORM. By hand:
#   CGO_ENABLED=0 go build -o linux/amd64/litellm-proxy ./cmd/litellm-proxy && docker build -f .goreleaser.dockerfile .
FROM alpine:3.22 AS certificates
RUN apk add --no-cache ca-certificates

FROM scratch
ARG TARGETPLATFORM=linux/amd64
COPY --from=certificates /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY $TARGETPLATFORM/litellm-proxy /litellm-proxy
COPY LICENSE docs/third-party-licenses.txt /
# Its files are in /state: mount a volume of your own there to keep them.
COPY --from=certificates --chown=65532:65532 /home /state
ENV HOME=/state
USER 65532:65532
ENTRYPOINT ["/litellm-proxy"]
