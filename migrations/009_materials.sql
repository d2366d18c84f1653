-- Film is the largest cost of a job and went missing unnoticed. Stock is a
-- ledger of movements: the figure on a material is only ever changed by one.
-- Ledgers are written by triggers and have INTEGER keys, all else has TEXT.

CREATE TABLE suppliers (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
    name TEXT NOT NULL COLLATE NOCASE UNIQUE CHECK (length(trim(name)) > 0),
    email TEXT COLLATE NOCASE CHECK (email LIKE '%_@_%'),
    phone TEXT,
    is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    created_at INTEGER NOT NULL CHECK (created_at >= 0),
    updated_at INTEGER NOT NULL CHECK (updated_at >= 0)
) STRICT;

CREATE TABLE materials (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
    sku TEXT NOT NULL COLLATE NOCASE UNIQUE CHECK (length(sku) > 0),
    name TEXT NOT NULL CHECK (length(trim(name)) > 0),
    category TEXT NOT NULL CHECK (
        category IN ('ppf_film', 'adhesive', 'cleaning', 'tool', 'consumable', 'other')
    ),
    unit TEXT NOT NULL CHECK (unit IN ('m2', 'm', 'l', 'ml', 'piece')),
    supplier_id TEXT REFERENCES suppliers (id) ON DELETE SET NULL,
    unit_cost_cents INTEGER CHECK (unit_cost_cents >= 0),
    current_stock REAL NOT NULL DEFAULT 0,
    minimum_stock REAL NOT NULL DEFAULT 0 CHECK (minimum_stock >= 0),
    last_delivery_at INTEGER CHECK (last_delivery_at >= 0),
    is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    created_at INTEGER NOT NULL CHECK (created_at >= 0),
    updated_at INTEGER NOT NULL CHECK (updated_at >= 0)
) STRICT;

CREATE INDEX idx_materials_supplier_id ON materials (supplier_id);
CREATE INDEX idx_materials_low_stock ON materials (name)
WHERE is_active = 1 AND current_stock <= minimum_stock;

CREATE TABLE material_consumption (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
    intervention_id TEXT NOT NULL REFERENCES interventions (id) ON DELETE CASCADE,
    step_id TEXT REFERENCES intervention_steps (id) ON DELETE SET NULL,
    material_id TEXT NOT NULL REFERENCES materials (id) ON DELETE RESTRICT,
    recorded_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    quantity REAL NOT NULL CHECK (quantity > 0),
    waste_quantity REAL NOT NULL DEFAULT 0 CHECK (waste_quantity >= 0),
    unit_cost_cents INTEGER CHECK (unit_cost_cents >= 0),
    batch_number TEXT,
    consumed_at INTEGER NOT NULL CHECK (consumed_at >= 0),
    created_at INTEGER NOT NULL CHECK (created_at >= 0),
    updated_at INTEGER NOT NULL CHECK (updated_at >= 0)
) STRICT;

CREATE INDEX idx_material_consumption_intervention_id ON material_consumption (intervention_id);
CREATE INDEX idx_material_consumption_step_id ON material_consumption (step_id);
CREATE INDEX idx_material_consumption_material_id ON material_consumption (material_id);
CREATE INDEX idx_material_consumption_recorded_by ON material_consumption (recorded_by);

CREATE TABLE material_stock_movements (
    id INTEGER PRIMARY KEY,
    material_id TEXT NOT NULL REFERENCES materials (id) ON DELETE RESTRICT,
    movement_type TEXT NOT NULL CHECK (
        movement_type IN ('delivery', 'consumption', 'reversal', 'adjustment')
    ),
    quantity_change REAL NOT NULL CHECK (quantity_change <> 0),
    intervention_id TEXT REFERENCES interventions (id) ON DELETE SET NULL,
    recorded_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    occurred_at INTEGER NOT NULL CHECK (occurred_at >= 0),
    CHECK (
        CASE movement_type
            WHEN 'consumption' THEN quantity_change < 0
            WHEN 'adjustment' THEN 1
            ELSE quantity_change > 0
        END
    )
) STRICT;

CREATE INDEX idx_material_stock_movements_material_id
ON material_stock_movements (material_id, occurred_at);
CREATE INDEX idx_material_stock_movements_intervention_id
ON material_stock_movements (intervention_id);
CREATE INDEX idx_material_stock_movements_recorded_by
ON material_stock_movements (recorded_by);

-- Rounded, because binary fractions would otherwise leave 1e-17 m2 on the shelf.
CREATE TRIGGER material_stock_movements_inserted
AFTER INSERT ON material_stock_movements
BEGIN
    UPDATE materials
    SET
        current_stock = round(current_stock + NEW.quantity_change, 4),
        last_delivery_at = CASE NEW.movement_type
            WHEN 'delivery' THEN max(coalesce(last_delivery_at, 0), NEW.occurred_at)
            ELSE last_delivery_at
        END,
        updated_at = max(updated_at, NEW.occurred_at)
    WHERE id = NEW.material_id;
END;

-- Two columns are left out: removing an account or an intervention empties them,
-- which must stay possible.
CREATE TRIGGER material_stock_movements_frozen
BEFORE UPDATE OF id, material_id, movement_type, quantity_change, occurred_at ON material_stock_movements
BEGIN
    SELECT RAISE(ABORT, 'stock movements are append-only');
END;

CREATE TRIGGER material_stock_movements_kept
BEFORE DELETE ON material_stock_movements
BEGIN
    SELECT RAISE(ABORT, 'stock movements are append-only');
END;

CREATE TRIGGER material_consumption_inserted
AFTER INSERT ON material_consumption
BEGIN
    INSERT INTO material_stock_movements (
        material_id, movement_type, quantity_change, intervention_id, recorded_by, occurred_at
    )
    VALUES (
        NEW.material_id, 'consumption', -(NEW.quantity + NEW.waste_quantity),
        NEW.intervention_id, NEW.recorded_by, NEW.consumed_at
    );
END;

CREATE TRIGGER material_consumption_updated
AFTER UPDATE OF material_id, quantity, waste_quantity ON material_consumption
BEGIN
    INSERT INTO material_stock_movements (
        material_id, movement_type, quantity_change, intervention_id, recorded_by, occurred_at
    )
    VALUES (
        OLD.material_id, 'reversal', OLD.quantity + OLD.waste_quantity,
        NEW.intervention_id, NEW.recorded_by, NEW.updated_at
    );

    INSERT INTO material_stock_movements (
        material_id, movement_type, quantity_change, intervention_id, recorded_by, occurred_at
    )
    VALUES (
        NEW.material_id, 'consumption', -(NEW.quantity + NEW.waste_quantity),
        NEW.intervention_id, NEW.recorded_by, NEW.updated_at
    );
END;

-- Consumption that is deleted was recorded in error, so the stock gets it back.
-- No reference to the intervention: it may be the one that is being deleted.
CREATE TRIGGER material_consumption_deleted
AFTER DELETE ON material_consumption
BEGIN
    INSERT INTO material_stock_movements (material_id, movement_type, quantity_change, occurred_at)
    VALUES (
        OLD.material_id, 'reversal', OLD.quantity + OLD.waste_quantity,
        CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)
    );
END;
