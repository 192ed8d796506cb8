# The image of a worker. `npm run build` puts it beside app/, the bundle, and state/, which is empty.
#
# The version is that of the npm package `node`, so that images run what the tests ran. It is pinned by its tag, because
# its digest can only be looked up in the registry; `docker buildx imagetools inspect` shows it, and it goes behind the
# tag as @sha256:…
FROM node:24.21.0-bookworm-slim

# Nothing is run while the image is built, so that any machine builds it for arm64.
WORKDIR /app
COPY app/ ./

# All that a worker writes, its temporary files included: the rest may be read-only. A volume that ECS mounts here takes
# the owner over, because it is declared.
COPY --chown=1000:1000 state/ /var/lib/order-up/
VOLUME ["/var/lib/order-up"]

# `node` by number: what looks for root need not look into the image's list of users
USER 1000:1000
ENV NODE_ENV=production STATE_DIR=/var/lib/order-up/state TMPDIR=/var/lib/order-up
CMD ["node", "--enable-source-maps", "index.mjs"]
