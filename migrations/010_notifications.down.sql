-- Takes the notifications away again.

DROP TABLE notification_preferences;
DROP TABLE notifications;
