package io.rpmadb;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** The values of SQL: Long, Double, String, byte[] and null. */
final class Values {
  private Values() {}

  static final class Reader extends JsonDeserializer<List<List<Object>>> {
    @Override
    public List<List<Object>> deserialize(JsonParser in, DeserializationContext context)
        throws IOException {
      List<List<Object>> rows = new ArrayList<>();
      while (in.nextToken() == JsonToken.START_ARRAY) {
        List<Object> row = new ArrayList<>();
        while (in.nextToken() != JsonToken.END_ARRAY) {
          row.add(value(in));
        }
        rows.add(Collections.unmodifiableList(row)); // List.of takes no null
      }
      return Collections.unmodifiableList(rows);
    }
  }

  private static Object value(JsonParser in) throws IOException {
    return switch (in.currentToken()) {
      case VALUE_NULL -> null;
      case VALUE_STRING -> in.getText();
      case VALUE_NUMBER_INT -> in.getLongValue();
      case VALUE_NUMBER_FLOAT -> in.getDoubleValue();
      case START_OBJECT -> {
        String kind = in.nextFieldName();
        String text = in.nextTextValue();
        in.nextToken(); // the end of the object
        yield switch (kind) {
          case "base64" -> Base64.getDecoder().decode(text);
          case "real" -> text.equals("-inf") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
          default -> throw new IOException("no value: " + kind);
        };
      }
      default -> throw new IOException("no value: " + in.currentToken());
    };
  }

  static final class Writer extends JsonSerializer<List<List<Object>>> {
    @Override
    public void serialize(List<List<Object>> rows, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeStartArray();
      for (List<Object> row : rows) {
        all(row, out);
      }
      out.writeEndArray();
    }
  }

  /** Parameters by their place, as the library reads them. */
  static String params(List<?> values) {
    return values.isEmpty() ? null : Json.write(out -> all(values, out));
  }

  /** Parameters by name. */
  static String params(Map<String, ?> values) {
    return Json.write(
        out -> {
          out.writeStartObject();
          for (Map.Entry<String, ?> entry : values.entrySet()) {
            out.writeFieldName(entry.getKey());
            one(entry.getValue(), out);
          }
          out.writeEndObject();
        });
  }

  private static void all(List<?> values, JsonGenerator out) throws IOException {
    out.writeStartArray();
    for (Object value : values) {
      one(value, out);
    }
    out.writeEndArray();
  }

  private static void one(Object value, JsonGenerator out) throws IOException {
    if (value == null) {
      out.writeNull();
    } else if (value instanceof Boolean truth) {
      out.writeBoolean(truth);
    } else if (value instanceof Long
        || value instanceof Integer
        || value instanceof Short
        || value instanceof Byte) {
      out.writeNumber(((Number) value).longValue());
    } else if (value instanceof BigInteger big) {
      if (big.bitLength() > 63) { // the library would take it for a real number
        throw Json.misuse(Status.INVALID_ARGUMENT, big + " is beyond the integers of SQL");
      }
      out.writeNumber(big);
    } else if (value instanceof Double || value instanceof Float) {
      real(((Number) value).doubleValue(), out);
    } else if (value instanceof CharSequence text) {
      out.writeString(text.toString());
    } else if (value instanceof byte[] bytes) {
      wrapped("base64", Base64.getEncoder().encodeToString(bytes), out);
    } else if (value instanceof JsonNode json) {
      Json.MAPPER.writeTree(out, json);
    } else {
      throw Json.misuse(
          Status.INVALID_ARGUMENT, value.getClass().getName() + " is no value of SQL");
    }
  }

  private static void real(double value, JsonGenerator out) throws IOException {
    if (Double.isNaN(value)) {
      throw Json.misuse(Status.INVALID_ARGUMENT, "not a number is no value of SQL");
    }
    if (Double.isInfinite(value)) {
      wrapped("real", value > 0 ? "inf" : "-inf", out);
    } else {
      out.writeNumber(value); // always with a point, so that it stays real
    }
  }

  private static void wrapped(String kind, String text, JsonGenerator out) throws IOException {
    out.writeStartObject();
    out.writeStringField(kind, text);
    out.writeEndObject();
  }
}
