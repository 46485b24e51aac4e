package labkit.ksql.rest;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.util.List;

/** The one mapper, and how it writes what it cannot know by itself. */
final class Json {
    static final ObjectMapper MAPPER = new ObjectMapper()
            .enable(JsonGenerator.Feature.WRITE_BIGDECIMAL_AS_PLAIN);
    /** Without the type's help the entities of a list would lose their {@code @type}. */
    static final ObjectWriter ENTITIES = MAPPER.writerFor(new TypeReference<List<Entity>>() {});

    private Json() {}
}
