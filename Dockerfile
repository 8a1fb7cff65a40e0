# A static binary, an unprivileged user, a data volume, and nothing else: no shell, no libraries.
#   docker build -t liandan . && docker run -p 8080:8080 -v liandan-data:/data liandan

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make build
# What an empty image lacks: a data directory and a temporary one that the user may write, and the user's name.
RUN mkdir -p /image/data /image/tmp /image/etc \
 && chmod 1777 /image/tmp \
 && chown 65532:65532 /image/data \
 && echo 'liandan:x:65532:65532::/data:/' >/image/etc/passwd \
 && echo 'liandan:x:65532:' >/image/etc/group

FROM scratch
COPY --from=build /image/ /
# For a PostgreSQL behind TLS, and for local time in reports.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /usr/local/go/lib/time/zoneinfo.zip /zoneinfo.zip
ENV ZONEINFO=/zoneinfo.zip
COPY --from=build /src/bin/liandan /src/bin/liandan-verify /
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/liandan"]
CMD ["serve", "--listen", "0.0.0.0:8080", "--data", "/data"]
