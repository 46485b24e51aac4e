package labkit.ksql.serde;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import labkit.ksql.catalog.Column;
import labkit.ksql.type.SqlType;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/** Columns in order, divided by a character; an empty one is null. */
final class DelimitedCodec implements RowCodec {
    private final List<Column> columns;
    private final CSVFormat csv;

    DelimitedCodec(List<Column> columns, char delimiter) {
        this.columns = columns;
        csv = CSVFormat.DEFAULT.builder().setDelimiter(delimiter).get();
    }

    @Override
    public byte[] encode(Object[] row) {
        Object[] texts = new Object[row.length];
        for (int i = 0; i < row.length; i++) {
            texts[i] = Scalars.text(row[i]);
        }
        return csv.format(texts).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public Object[] decode(byte[] bytes) throws IOException {
        String line = new String(bytes, StandardCharsets.UTF_8);
        try (CSVParser parser = CSVParser.parse(line, csv)) {
            List<CSVRecord> records = parser.getRecords();
            int seen = records.isEmpty() ? 0 : records.getFirst().size();
            if (seen != columns.size()) {
                throw new IOException("Unexpected field count, csvFields:" + seen + " schemaFields:" + columns.size() + " line: " + line);
            }
            Object[] row = new Object[columns.size()];
            for (int i = 0; i < row.length; i++) {
                row[i] = read(records.getFirst().get(i), columns.get(i).type());
            }
            return row;
        }
    }

    private static Object read(String text, SqlType type) {
        if (text.isEmpty()) {
            return null;
        }
        return Scalars.parse(type == SqlType.STRING ? text : text.trim(), type);
    }
}
