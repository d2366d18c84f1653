package io.rpmadb;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;

/** Reads the figures, or the text that was asked for in their place. */
final class MetricsReader extends JsonDeserializer<Reports.Metrics> {
  @Override
  public Reports.Metrics deserialize(JsonParser in, DeserializationContext context)
      throws IOException {
    JsonNode tree = context.readTree(in);
    return tree.has("format")
        ? new Reports.Metrics(null, context.readTreeAsValue(tree, Reports.MetricsText.class))
        : new Reports.Metrics(context.readTreeAsValue(tree, Reports.Figures.class), null);
  }
}
