-- Stops the trail and discards it. The settings themselves stay.

DROP TRIGGER application_settings_inserted;
DROP TRIGGER application_settings_updated;
DROP TRIGGER application_settings_deleted;

DROP TABLE settings_audit_log;
