-- Takes stock keeping away again.

DROP TABLE material_stock_movements;
DROP TABLE material_consumption;
DROP TABLE materials;
DROP TABLE suppliers;
