"""Which of our causes say the same as the one that is known of a fault from outside."""

CAUSES: dict[str, frozenset[str]] = {
    "python_exception": frozenset(
        {
            "code_error",
            "bad_data",
            "explicit_failure",
            "failed_check",
            "invalid_parameter",
            "not_found",
            "missing_upstream_result",
            "service_unreachable",
            "conflict",
            "permission_denied",
        }
    ),
    "exit_code": frozenset({"command_failed"}),
    "command_failed": frozenset({"command_failed", "not_found", "bad_data", "request_rejected"}),
    "import_error": frozenset({"dag_import_error", "import_error"}),
    "dag_stale": frozenset({"dag_stale"}),
    "process_killed": frozenset({"killed"}),
    "out_of_memory": frozenset({"out_of_memory"}),
    "lost_worker": frozenset({"worker_lost"}),
    "stuck_in_queued": frozenset({"never_taken"}),
    "sensor_timeout": frozenset({"sensor_timeout"}),
    "task_timeout": frozenset({"task_timeout"}),
    "run_timeout": frozenset({"run_timeout"}),
    "connection_refused": frozenset({"service_unreachable"}),
    "http_forbidden": frozenset({"permission_denied"}),
    "http_server_error": frozenset({"service_error"}),
    "http_unauthorized": frozenset({"authentication_failed"}),
    "permission_denied": frozenset({"permission_denied"}),
    "disk_full": frozenset({"out_of_disk"}),
    "missing_variable": frozenset({"missing_configuration"}),
    "missing_connection": frozenset({"missing_configuration"}),
    "template_error": frozenset({"template_error"}),
    "external_job_failed": frozenset({"external_job_failed"}),
    "child_run_failed": frozenset({"external_job_failed"}),
    "marked_failed": frozenset({"marked_failed"}),
    **{
        cause: frozenset({cause})
        for cause in (
            "pool_full",
            "pool_missing",
            "run_limit",
            "dag_paused",
            "depends_on_past",
            "sensor_waiting",
            "deferred",
            "human_approval",
            "task_limit",
        )
    },
    "retry_wait": frozenset({"retry_wait", "service_unreachable"}),
}
