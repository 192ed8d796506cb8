/**
 * The engine on Apache Flink: KafkaSource → key by the record's key → {@link
 * orderup.flink.FoldFunction} → KafkaSink, exactly once by Flink's checkpoints. {@link
 * orderup.flink.Topology} reads top to bottom; {@link orderup.flink.FlinkEngine} is its main class
 * on a cluster and on Managed Flink, {@link orderup.flink.LocalFlink} in one JVM.
 */
package orderup.flink;
