package labkit.ksql.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import java.util.List;
import java.util.Map;

/** The result of one statement, as ksqlDB's REST reference lays it out; {@code @type} says of what kind it is. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "@type")
sealed interface Entity {
    String statementText();

    /** Part of every result there. What a warning would say, this server says in a {@link Warning}. */
    @JsonProperty("warnings")
    default List<String> warnings() {
        return List.of();
    }

    record CommandStatus(String status, String message, String queryId) {}

    @JsonTypeName("currentStatus")
    record CurrentStatus(String statementText, String commandId, CommandStatus commandStatus,
            long commandSequenceNumber) implements Entity {}

    /** Nothing had to be done. */
    @JsonTypeName("warning_entity")
    record Warning(String statementText, String message) implements Entity {}

    record SourceEntry(String type, String name, String topic, String keyFormat, String valueFormat,
            boolean isWindowed) {}

    @JsonTypeName("streams")
    record Streams(String statementText, List<SourceEntry> streams) implements Entity {}

    @JsonTypeName("tables")
    record Tables(String statementText, List<SourceEntry> tables) implements Entity {}

    record TopicEntry(String name, List<Integer> replicaInfo) {}

    @JsonTypeName("kafka_topics")
    record KafkaTopics(String statementText, List<TopicEntry> topics) implements Entity {}

    record ExtendedTopicEntry(String name, List<Integer> replicaInfo, int consumerCount, int consumerGroupCount) {}

    @JsonTypeName("kafka_topics_extended")
    record ExtendedKafkaTopics(String statementText, List<ExtendedTopicEntry> topics) implements Entity {}

    record QueryEntry(String queryString, List<String> sinks, List<String> sinkKafkaTopics, String id,
            Map<String, Integer> statusCount, String queryType, String state) {}

    @JsonTypeName("queries")
    record Queries(String statementText, List<QueryEntry> queries) implements Entity {}

    record Property(String name, String scope, String value, boolean editable, String level) {}

    @JsonTypeName("properties")
    record Properties(String statementText, List<Property> properties, List<String> overwrittenProperties,
            List<String> defaultProperties) implements Entity {}

    record Variable(String name, String value) {}

    @JsonTypeName("variables")
    record Variables(String statementText, List<Variable> variables) implements Entity {}

    record FunctionEntry(String name, String type, String category) {}

    @JsonTypeName("function_names")
    record FunctionNames(String statementText, List<FunctionEntry> functions) implements Entity {}

    record Argument(String name, String type, String description, boolean isVariadic) {}

    record Overload(List<Argument> arguments, String returnType, String description) {}

    @JsonTypeName("describe_function")
    record FunctionDescription(String statementText, String name, String description, String author, String version,
            String path, List<Overload> functions, String type) implements Entity {}

    /** A type; the fields of a STRUCT, what an ARRAY or a MAP holds, and the size of a DECIMAL belong to it. */
    record TypeSchema(String type, List<Field> fields, TypeSchema memberSchema,
            @JsonInclude(JsonInclude.Include.NON_NULL) Map<String, Object> parameters) {}

    /** A column; {@code type} is KEY for those of the key. */
    record Field(String name, TypeSchema schema, @JsonInclude(JsonInclude.Include.NON_NULL) String type) {}

    record Offsets(int partition, long logStartOffset, long logEndOffset, long consumerOffset) {}

    record TopicSummary(String kafkaTopic, List<Offsets> offsets) {}

    record OffsetSummary(String groupId, List<TopicSummary> topicSummaries) {}

    record SourceDescription(String name, String windowType, List<QueryEntry> readQueries,
            List<QueryEntry> writeQueries, List<Field> fields, String type, String timestamp, String statistics,
            String errorStats, boolean extended, String keyFormat, String valueFormat, String topic, int partitions,
            int replication, String statement, List<OffsetSummary> queryOffsetSummaries,
            List<String> sourceConstraints, List<Object> clusterStatistics, List<Object> clusterErrorStats) {}

    @JsonTypeName("sourceDescription")
    record Source(String statementText, SourceDescription sourceDescription) implements Entity {}

    @JsonTypeName("source_descriptions")
    record Sources(String statementText, List<SourceDescription> sourceDescriptions) implements Entity {}

    record QueryError(long timestamp, String errorMessage, String type) {}

    record QueryDescription(String id, String statementText, String windowType, List<Field> fields,
            List<String> sources, List<String> sinks, String topology, String executionPlan,
            Map<String, Object> overriddenProperties, Map<String, String> ksqlHostQueryStatus, String queryType,
            List<QueryError> queryErrors, List<Object> tasksMetadata, String state) {}

    @JsonTypeName("queryDescription")
    record Query(String statementText, QueryDescription queryDescription) implements Entity {}

    @JsonTypeName("queryDescriptions")
    record QueryDescriptionList(String statementText, List<QueryDescription> queryDescriptions) implements Entity {}
}
