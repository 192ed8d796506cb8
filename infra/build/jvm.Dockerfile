# The image of the Kafka Streams engine. `npm run build` puts it beside app/, the jars, and state/, which is empty.
#
# Java 17 is what the tests and Managed Flink run. Pinned by its tag, because its digest can only be looked up in the
# registry; `docker buildx imagetools inspect` shows it, and it goes behind the tag as @sha256:… Not Alpine's: RocksDB's
# native code is for glibc.
FROM eclipse-temurin:17.0.19_10-jre-noble

# Nothing is run while the image is built, so that any machine builds it for arm64. The libraries change seldom: a layer
# of their own is pushed as seldom.
WORKDIR /app
COPY app/lib/ ./lib/
COPY app/order-up-kafka-streams.jar ./

# All that a worker writes, its temporary files included: the rest may be read-only. A volume that ECS mounts here takes
# the owner over, because it is declared.
COPY --chown=1000:1000 state/ /var/lib/order-up/
VOLUME ["/var/lib/order-up"]

# by number: what looks for root need not look into the image's list of users
USER 1000:1000
ENV STATE_DIR=/var/lib/order-up/state

# The base's entry point is a shell script for certificates of one's own. Without it java is the process that is told to
# stop. Less than half of the memory for the heap: RocksDB's caches and buffers, a store for each partition, lie outside.
# RocksDB unpacks its native code into java.io.tmpdir.
ENTRYPOINT []
CMD ["java", "-XX:MaxRAMPercentage=40", "-XX:+ExitOnOutOfMemoryError", "-XX:-UsePerfData", "-Djava.io.tmpdir=/var/lib/order-up", "-jar", "order-up-kafka-streams.jar"]
