import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trino.Session;
import io.trino.plugin.memory.MemoryPlugin;
import io.trino.spi.TrinoException;
import io.trino.spi.type.ArrayType;
import io.trino.spi.type.MapType;
import io.trino.spi.type.RowType;
import io.trino.spi.type.SqlVarbinary;
import io.trino.spi.type.TimeZoneKey;
import io.trino.spi.type.Type;
import io.trino.sql.parser.ParsingException;
import io.trino.testing.LocalQueryRunner;
import io.trino.testing.MaterializedResult;
import io.trino.testing.MaterializedRow;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

import static io.trino.testing.TestingSession.testSessionBuilder;

/** Reads one statement a line (a JSON string), runs it on an embedded Trino, prints its answer as one JSON object a line. */
public final class Recorder
{
    private static final ObjectMapper JSON = new ObjectMapper();

    private Recorder() {}

    public static void main(String[] args)
            throws Exception
    {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        Session session = testSessionBuilder()
                .setCatalog("memory").setSchema("default")
                .setTimeZoneKey(TimeZoneKey.UTC_KEY)
                .build();
        try (LocalQueryRunner runner = LocalQueryRunner.create(session)) {
            runner.installPlugin(new MemoryPlugin());
            runner.createCatalog("memory", "memory", Map.of());
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (!line.isBlank()) {
                    out.println(JSON.writeValueAsString(answer(runner, JSON.readValue(line, String.class))));
                }
            }
        }
        System.exit(0);
    }

    private static ObjectNode answer(LocalQueryRunner runner, String sql)
    {
        ObjectNode node = JSON.createObjectNode().put("sql", sql);
        try {
            MaterializedResult result = runner.execute(sql);
            ArrayNode columns = node.putArray("columns");
            List<Type> types = result.getTypes();
            for (int i = 0; i < types.size(); i++) {
                columns.addArray().add(result.getColumnNames().get(i)).add(types.get(i).getDisplayName());
            }
            ArrayNode rows = node.putArray("rows");
            for (MaterializedRow row : result.getMaterializedRows()) {
                ArrayNode values = rows.addArray();
                for (int i = 0; i < types.size(); i++) {
                    values.add(text(types.get(i), row.getField(i)));
                }
            }
        }
        catch (RuntimeException | Error e) {
            node.remove("columns");
            node.remove("rows");
            Throwable cause = e;
            while (!(cause instanceof TrinoException || cause instanceof ParsingException) && cause.getCause() != null && cause.getCause() != cause) {
                cause = cause.getCause();
            }
            node.put("error", name(cause));
            node.put("message", String.valueOf(cause.getMessage()));
        }
        return node;
    }

    private static String name(Throwable cause)
    {
        if (cause instanceof TrinoException trino) {
            return trino.getErrorCode().getName();
        }
        return cause instanceof ParsingException ? "SYNTAX_ERROR" : cause.getClass().getSimpleName();
    }

    /** The text that Athena prints: Java's own for collections, {@code name=value} for rows. */
    private static String text(Type type, Object value)
    {
        if (value == null) {
            return null;
        }
        if (type instanceof ArrayType array) {
            List<String> items = new ArrayList<>();
            ((List<?>) value).forEach(item -> items.add(text(array.getElementType(), item)));
            return "[" + String.join(", ", items.stream().map(String::valueOf).toList()) + "]";
        }
        if (type instanceof MapType map) {
            List<String> items = new ArrayList<>();
            ((Map<?, ?>) value).forEach((k, v) -> items.add(text(map.getKeyType(), k) + "=" + text(map.getValueType(), v)));
            return "{" + String.join(", ", items) + "}";
        }
        if (type instanceof RowType row) {
            List<?> fields = value instanceof MaterializedRow r ? r.getFields() : (List<?>) value;
            List<String> items = new ArrayList<>();
            for (int i = 0; i < fields.size(); i++) {
                RowType.Field field = row.getFields().get(i);
                String name = field.getName().orElse("field" + i);
                items.add(name + "=" + text(field.getType(), fields.get(i)));
            }
            return "{" + String.join(", ", items) + "}";
        }
        if (value instanceof SqlVarbinary bytes) {
            return HexFormat.ofDelimiter(" ").formatHex(bytes.getBytes());
        }
        return value.toString();
    }
}
