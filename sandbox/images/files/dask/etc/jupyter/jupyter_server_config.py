c.ServerApp.ip = "0.0.0.0"
c.ServerApp.open_browser = False
