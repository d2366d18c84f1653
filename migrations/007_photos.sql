-- Disputes about scratches that were there before: every claim is settled with
-- pictures, which stay on disk while the database keeps where and what they are.

CREATE TABLE photos (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
    intervention_id TEXT NOT NULL REFERENCES interventions (id) ON DELETE CASCADE,
    step_id TEXT REFERENCES intervention_steps (id) ON DELETE SET NULL,
    taken_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    category TEXT NOT NULL CHECK (category IN ('before', 'during', 'after', 'defect')),
    file_path TEXT NOT NULL UNIQUE CHECK (length(file_path) > 0),
    mime_type TEXT NOT NULL CHECK (
        mime_type IN ('image/jpeg', 'image/png', 'image/webp', 'image/heic')
    ),
    file_size_bytes INTEGER NOT NULL CHECK (file_size_bytes > 0),
    width_px INTEGER CHECK (width_px > 0),
    height_px INTEGER CHECK (height_px > 0),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
    caption TEXT,
    taken_at INTEGER NOT NULL CHECK (taken_at >= 0),
    uploaded_at INTEGER CHECK (uploaded_at >= 0),
    created_at INTEGER NOT NULL CHECK (created_at >= 0)
) STRICT;

CREATE INDEX idx_photos_intervention_id ON photos (intervention_id, taken_at);
CREATE INDEX idx_photos_step_id ON photos (step_id);
CREATE INDEX idx_photos_taken_by ON photos (taken_by);
CREATE INDEX idx_photos_waiting_for_upload ON photos (created_at) WHERE uploaded_at IS NULL;
