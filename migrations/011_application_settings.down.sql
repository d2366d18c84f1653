-- Back to the values that are compiled in.

DROP TABLE application_settings;
