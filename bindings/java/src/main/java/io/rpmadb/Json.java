package io.rpmadb;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;

/** Reads reports and writes options. */
final class Json {
  private Json() {}

  /**
   * What the library writes may be as long as it likes; a member or value that is new is no reason
   * to fail.
   */
  static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxStringLength(Integer.MAX_VALUE)
                          .maxNameLength(Integer.MAX_VALUE)
                          .maxNumberLength(Integer.MAX_VALUE)
                          .maxNestingDepth(100_000)
                          .build())
                  .build())
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.READ_UNKNOWN_ENUM_VALUES_AS_NULL)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  static <R> R read(byte[] document, Class<R> report) {
    try {
      return MAPPER.readValue(document, report);
    } catch (IOException e) {
      throw new UncheckedIOException("a report that cannot be read", e);
    }
  }

  /** Options as the library reads them; null ones are NULL. */
  static byte[] options(Object options) {
    if (options == null) {
      return null;
    }
    try {
      return Text.bytes(MAPPER.writeValueAsString(options));
    } catch (JsonProcessingException e) {
      throw misuse(Status.INVALID_ARGUMENT, e.getOriginalMessage());
    }
  }

  interface Writing {
    void to(JsonGenerator out) throws IOException;
  }

  static String write(Writing writing) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = MAPPER.createGenerator(text)) {
      writing.to(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  /** An exception for which the library wrote no document. */
  static RpmadbException misuse(int status, String message) {
    return misuse(status, message, null);
  }

  static RpmadbException misuse(int status, String message, String hint) {
    Map<String, Object> body = new HashMap<>();
    body.put("status", status);
    body.put("name", Library.loaded() ? Native.rpmadb_status_name(status) : Status.name(status));
    body.put("message", message);
    body.put("hint", hint);
    return Status.exception(MAPPER.convertValue(body, Reports.Body.class));
  }

  /** Fails for a status that comes without a document. */
  static void check(String function, int status) {
    if (status != Status.OK) {
      RpmadbException e = misuse(status, function + " failed");
      throw e;
    }
  }
}
