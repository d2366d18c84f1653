-- Back to interventions without steps.

DROP TABLE intervention_steps;
