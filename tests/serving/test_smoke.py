import json


def test_all(client, services):
    def show(r):
        print(
            r.request.method,
            r.request.path,
            r.status_code,
            r.headers.get("Content-Type"),
            r.get_data(as_text=True)[:700],
        )
        print()
        return r

    r = show(client.get("/v1/recommendations/1?k=3&explain=true"))
    rid = r.json["recommendation_id"]
    show(
        client.get(
            "/v1/recommendations/1?k=3&genre=drama&year_from=1990&diversity=0.3&exclude_ids=1,2"
        )
    )
    show(client.get("/v1/recommendations/1?k=0&genre=drama&x=3"))
    show(client.get("/v1/recommendations/abc"))
    show(
        client.post(
            "/v1/recommendations",
            json={"liked": [1, 3], "ratings": [{"movie_id": 5, "rating": 4.5}], "k": 2},
        )
    )
    show(client.post("/v1/recommendations", data="{", content_type="application/json"))
    show(client.post("/v1/recommendations", data="{"))
    show(client.get("/v1/predictions/1/2"))
    show(client.get("/v1/movies/2"))
    show(client.get("/v1/movies/2/similar?k=2"))
    show(client.get("/v1/movies/999/similar?k=2"))
    show(client.get("/v1/movies?limit=2&query=film 1&sort=title"))
    show(client.get("/v1/popular?k=2"))
    e = {
        "event_id": "a",
        "kind": "rating",
        "user_id": 1,
        "movie_id": 7,
        "occurred_at": "2026-01-01T00:00:00Z",
        "value": 4.5,
    }
    show(client.post("/v1/events", json=e))
    show(client.post("/v1/events", json=[e, {**e, "event_id": "b", "kind": "like", "value": None}]))
    show(client.post("/v1/events", json=[{**e, "value": 2}]))
    show(client.post("/v1/events", json=[{**e, "value": 7, "event_id": "z"}]))
    show(client.post("/v1/events", json=[{**e, "kind": "<b>", "event_id": "z", "<i>": 3}]))
    show(client.get(f"/v1/served/{rid}?replay=true"))
    r = show(client.get("/v1/recommendations/1?k=2"))
    show(client.get(f"/v1/served/{r.json['recommendation_id']}?replay=true"))
    show(client.get("/v1/users/1"))
    show(client.delete("/v1/users/1"))
    show(client.get("/v1/recommendations/1?k=2"))
    show(client.get("/v1/model"))
    show(client.get("/recommend/1"))
    show(client.get("/api/recommend/1?n=3"))
    show(client.get("/api/recommend/1/?n=3"))
    show(client.get("/api/item/1/neighbors?n=2"))
    show(
        client.post(
            "/api/feedback",
            json=[
                {"FeedbackType": "star", "UserId": "1", "ItemId": "2", "Timestamp": "2022-02-24"}
            ],
        )
    )
    show(client.get("/docs"))
    show(client.get("/docs/files/css/swagger-ui.css"))
    show(client.get("/nowhere"))
    show(client.put("/v1/model"))
    d = client.get("/openapi.json")
    print(len(d.data))
    json.dump(d.json, open("/tmp/scratch-api/openapi.json", "w"), indent=1)
