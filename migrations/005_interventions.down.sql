-- Takes the record of executed work away again.

DROP TABLE interventions;
