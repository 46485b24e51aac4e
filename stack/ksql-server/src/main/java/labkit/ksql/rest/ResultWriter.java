package labkit.ksql.rest;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import labkit.ksql.catalog.Column;
import labkit.ksql.engine.Row;
import labkit.ksql.serde.JsonCodec;

/** Writes a query's result in one of the documented layouts. After each call what was written ends with its line. */
abstract class ResultWriter {
    final Outflow out;
    final JsonGenerator to;

    private ResultWriter(Outflow out) throws IOException {
        this.out = out;
        to = Json.MAPPER.createGenerator(out.stream());
        to.setRootValueSeparator(new SerializedString(""));
    }

    /**
     * Returns the writer for a content type.
     *
     * @param push whether rows come one by one, so that none may wait for the next one to be complete
     */
    static ResultWriter of(String type, Outflow out, boolean push) throws IOException {
        return switch (type) {
            case Exchange.DELIMITED -> new Lines(out);
            case Exchange.JSON -> new OneArray(out);
            default -> new Chunks(out, push);
        };
    }

    abstract void begin(Rows rows) throws IOException;

    abstract void row(Row row) throws IOException;

    /** {@code message} says why there are no more rows. */
    abstract void end(String message) throws IOException;

    abstract void fail(ErrorBody error) throws IOException;

    /** Writes something that means nothing, where the layout's clients know that; returns false if they do not. */
    boolean beat() throws IOException {
        return false;
    }

    /** Hands on what the generator still holds. */
    final void flush() throws IOException {
        to.flush();
        out.flush();
    }

    final void header(Rows rows) throws IOException {
        to.writeStartObject();
        to.writeStringField("queryId", rows.id());
        to.writeArrayFieldStart("columnNames");
        for (Column column : rows.columns()) {
            to.writeString(column.name());
        }
        to.writeEndArray();
        to.writeArrayFieldStart("columnTypes");
        for (Column column : rows.columns()) {
            to.writeString(column.type().toString());
        }
        to.writeEndArray();
        to.writeEndObject();
    }

    final void values(List<Object> values) throws IOException {
        to.writeStartArray();
        for (Object value : values) {
            JsonCodec.show(value, to);
        }
        to.writeEndArray();
    }

    final void error(ErrorBody error) throws IOException {
        to.writeTree(((ObjectNode) Json.MAPPER.valueToTree(error)).put("status", "error"));
    }

    /** A JSON object, then one JSON array per line. */
    private static final class Lines extends ResultWriter {
        Lines(Outflow out) throws IOException {
            super(out);
        }

        @Override
        void begin(Rows rows) throws IOException {
            header(rows);
            to.writeRaw('\n');
        }

        @Override
        void row(Row row) throws IOException {
            values(row.values());
            to.writeRaw('\n');
        }

        @Override
        void end(String message) {
            // The end of the answer says it.
        }

        @Override
        void fail(ErrorBody error) throws IOException {
            error(error);
            to.writeRaw('\n');
        }
    }

    /** The same as one JSON array. */
    private static final class OneArray extends ResultWriter {
        OneArray(Outflow out) throws IOException {
            super(out);
        }

        @Override
        void begin(Rows rows) throws IOException {
            to.writeRaw('[');
            header(rows);
            to.writeRaw('\n');
        }

        @Override
        void row(Row row) throws IOException {
            to.writeRaw(',');
            values(row.values());
            to.writeRaw('\n');
        }

        @Override
        void end(String message) throws IOException {
            to.writeRaw("]\n");
        }

        @Override
        void fail(ErrorBody error) throws IOException {
            to.writeRaw(',');
            error(error);
            to.writeRaw("\n]\n");
        }
    }

    /** The older layout of /query: an array of objects that say what they hold. */
    private static final class Chunks extends ResultWriter {
        private final boolean push;

        Chunks(Outflow out, boolean push) throws IOException {
            super(out);
            this.push = push;
        }

        @Override
        void begin(Rows rows) throws IOException {
            to.writeRaw('[');
            to.writeStartObject();
            to.writeObjectFieldStart("header");
            to.writeStringField("queryId", rows.id());
            to.writeStringField("schema", String.join(", ", rows.columns().stream().map(Column::toString).toList()));
            to.writeEndObject();
            to.writeEndObject();
            to.writeRaw(push ? ",\n" : "");
        }

        @Override
        void row(Row row) throws IOException {
            to.writeRaw(push ? "" : ",\n");
            to.writeStartObject();
            to.writeObjectFieldStart("row");
            to.writeFieldName("columns");
            values(row.values());
            if (row.tombstone()) {
                to.writeBooleanField("tombstone", true);
            }
            to.writeEndObject();
            to.writeEndObject();
            to.writeRaw(push ? ",\n" : "");
        }

        @Override
        boolean beat() throws IOException {
            to.writeRaw('\n');
            return true;
        }

        @Override
        void end(String message) throws IOException {
            if (push) {
                to.writeStartObject();
                to.writeStringField("finalMessage", message);
                to.writeEndObject();
            }
            to.writeRaw("]\n");
        }

        @Override
        void fail(ErrorBody error) throws IOException {
            to.writeRaw(push ? "" : ",\n");
            to.writeStartObject();
            to.writeFieldName("errorMessage");
            to.writePOJO(error);
            to.writeEndObject();
            to.writeRaw("]\n");
        }
    }
}
